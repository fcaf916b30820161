"""Microsoft's own SDKs for Python against the simulated Azure: they list, read,
create, update and delete what the functions touch, and every body that they
get is checked against the newest schemas.

usage: python azure_sdk.py [--facts FOLDER]

Starts `sentinel-jump azure`; cargo build makes it. FOLDER has Azure's resource
bodies as JSON Schema (`schemas`) and its operations (`operations.json`);
without it bodies are not checked, and that is said. With
azure-mgmt-securityinsight 1.0.0 only Sentinel's part is run, as far as that
version knows it. Ends with `N passed, M failed`.
"""

import argparse
import datetime
import json
import os
import re
import tempfile
import urllib.parse
import uuid

from suite import Suite, built, listening, same

GROUP, WORKSPACE = "rg-sec-prod", "law-nordhafen-sec-prod"
SUBSCRIPTION = "000000c1-0d3a-4000-8000-000000000001"
CUSTOMER = "000000c1-0d3a-4000-8000-000000000002"
HOME = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}"
PLACE = f"{HOME}/providers/Microsoft.OperationalInsights/workspaces/{WORKSPACE}"
SPRAY = "000000b0-0d3a-4000-8000-000000000001"
INCIDENT = "000000e0-0d3a-4000-8000-000000003039"

# What the service says and no schema declares.
UNDECLARED = {
    "Microsoft.SecurityInsights/watchlists": {"numberOfLinesToSkip", "uploadStatus"},
}
# What a write needs and no read shows: a secret, and a content that must be asked for.
WRITE_ONLY = {"triggerUri", "serializedData"}


class Bodies:
    """Every body that came, and what is wrong with it."""

    def __init__(self, folder):
        self.schemas = {}
        self.checked, self.wrong = 0, []
        for name in sorted(os.listdir(folder)) if folder else []:
            with open(os.path.join(folder, name), encoding="utf-8") as file:
                schema = json.load(file)
            version = re.search(r"\d{4}-\d\d-\d\d(-preview)?", name).group()
            for kind, body in schema["resources"].items():
                self.schemas.setdefault(kind.lower(), {})[version] = (kind, body, schema["$defs"])

    def check(self, url, body):
        if not self.schemas or not isinstance(body, dict):
            return
        version = urllib.parse.parse_qs(urllib.parse.urlsplit(url).query).get("api-version", [""])[0]
        for one in body.get("value", [body]) if isinstance(body.get("value", []), list) else [body]:
            if isinstance(one, dict) and "id" in one:
                self.resource(version, one)

    def resource(self, version, one):
        import jsonschema

        found = self.schemas.get(kind_of(one["id"]))
        if not found:
            return
        version = version if version in found else min(found, key=lambda known: (known.endswith("preview"), known))
        kind, schema, defs = found[version]
        # Azure writes null for what is not set; its schemas know no null.
        plain = without_null(one)
        self.checked += 1
        validator = jsonschema.Draft202012Validator({**schema, "$defs": defs})
        for error in validator.iter_errors(plain):
            best = jsonschema.exceptions.best_match([error])
            if best.validator == "required" and any(best.message.startswith(f"'{name}'") for name in WRITE_ONLY):
                continue
            self.wrong.append(f"{one['id']} ({version}): {'/'.join(map(str, best.path))}: {best.message[:200]}")
        known = declared(schema, defs, plain)
        if known is not None:
            more = set(plain.get("properties", {})) - known - UNDECLARED.get(kind, set())
            if more:
                self.wrong.append(f"{one['id']} ({version}): not declared: {', '.join(sorted(more))}")


def kind_of(path):
    namespace, *rest = path.rsplit("/providers/", 1)[-1].split("/")
    return "/".join([namespace, *rest[::2]]).lower()


def without_null(value):
    if isinstance(value, dict):
        return {key: without_null(item) for key, item in value.items() if item is not None}
    return [without_null(item) for item in value] if isinstance(value, list) else value


def declared(schema, defs, body):
    """Names of the properties that a type, and a kind of it, declares."""
    if "oneOf" in schema:
        same_kind = [arm for arm in schema["oneOf"] if arm["properties"]["kind"].get("const") == body.get("kind")]
        return declared(same_kind[0], defs, body) if same_kind else None
    inner = schema["properties"].get("properties", {})
    inner = defs[inner["$ref"].rsplit("/", 1)[-1]] if "$ref" in inner else inner
    return set(inner["properties"]) if "properties" in inner else None


class Run:
    def __init__(self, url, bodies):
        from azure.core.pipeline.policies import SansIOHTTPPolicy
        from azure.identity import ManagedIdentityCredential

        class Look(SansIOHTTPPolicy):
            def on_response(self, request, response):
                answer = response.http_response
                # Some answers are streamed: read here, the SDK reads them again.
                if "json" in answer.headers.get("content-type", "") and answer.status_code < 300:
                    text = answer.read() if hasattr(answer, "read") else answer.text()
                    bodies.check(request.http_request.url, json.loads(text))

        self.url, self.bodies, self.look = url, bodies, Look
        # The form of App Service, by environment.
        self.credential = ManagedIdentityCredential()

    def client(self, kind, *arguments, **options):
        options.setdefault("base_url", self.url)
        options.setdefault("credential_scopes", ["https://management.azure.com/.default"])
        return kind(self.credential, *arguments, per_retry_policies=[self.look()], **options)


def refused(status, code, action):
    from azure.core.exceptions import HttpResponseError

    try:
        action()
    except HttpResponseError as error:
        found = error.error.code if error.error else None
        same((error.status_code, found), (status, code))
    else:
        raise AssertionError(f"expected {status} {code}, found an answer")


def sentinel(suite, run, newest):
    """What both versions of the SDK know; the newer one more."""
    if newest:
        from azure.mgmt.securityinsight import SecurityInsightsMgmtClient as Client
        from azure.mgmt.securityinsight import models
    else:
        from azure.mgmt.securityinsight import SecurityInsights as Client
        from azure.mgmt.securityinsight import models
    client = run.client(Client, SUBSCRIPTION)
    at = (GROUP, WORKSPACE)

    with suite.case("rules are listed in pages, and NRT rules by a preview only"):
        rules = list(client.alert_rules.list(*at))
        kinds = [rule.kind for rule in rules]
        same(len(set(rule.name for rule in rules)), len(rules))
        same((len(rules), "NRT" in kinds), (29, True) if newest else (len(rules), False))
    with suite.case("a rule is read, created, updated and deleted"):
        rule = client.alert_rules.get(*at, SPRAY)
        same(rule.display_name, "Password spray against Entra ID")
        name = str(uuid.uuid4())
        made = client.alert_rules.create_or_update(*at, name, models.ScheduledAlertRule(
            kind="Scheduled", display_name="Straße 'ü' 100 % 🚀", enabled=True, severity="Low",
            query="Heartbeat | take 1", query_frequency=datetime.timedelta(hours=1), query_period=datetime.timedelta(hours=2),
            trigger_operator="GreaterThan", trigger_threshold=0, suppression_enabled=False,
            suppression_duration=datetime.timedelta(hours=5), tactics=["Execution"]))
        read = client.alert_rules.get(*at, name)
        same((read.display_name, read.query_period), ("Straße 'ü' 100 % 🚀", datetime.timedelta(hours=2)))
        made.severity = "High"
        changed = client.alert_rules.create_or_update(*at, name, made)
        same((changed.severity, changed.etag == made.etag), ("High", False))
        refused(409, "Conflict", lambda: client.alert_rules.create_or_update(*at, name, made))
        client.alert_rules.delete(*at, name)
        refused(404, "NotFound", lambda: client.alert_rules.get(*at, name))
        client.alert_rules.delete(*at, name)
    with suite.case("actions of a rule"):
        book = next(iter(client.automation_rules.list(*at))).actions
        book = [one for one in book if one.action_type == "RunPlaybook"][0].action_configuration.logic_app_resource_id
        given = models.ActionRequest(logic_app_resource_id=book, trigger_uri="https://logic.example/secret")
        client.actions.create_or_update(*at, SPRAY, "mine", given)
        same([one.name for one in client.actions.list_by_alert_rule(*at, SPRAY)], ["mine"])
        same(client.actions.get(*at, SPRAY, "mine").logic_app_resource_id, book)
        client.actions.delete(*at, SPRAY, "mine")
    with suite.case("templates"):
        same([one.kind for one in client.alert_rule_templates.list(*at)], ["Fusion"])
    with suite.case("automation rules"):
        rules = list(client.automation_rules.list(*at))
        same([rule.order for rule in rules], [1, 10, 20])
        rule = client.automation_rules.get(*at, rules[1].name)
        rule.triggering_logic.is_enabled = True
        if newest:
            rule = client.automation_rules.create_or_update(*at, rule.name, rule)
        else:
            rule = client.automation_rules.create_or_update(*at, rule.name, rule)
        same(rule.triggering_logic.is_enabled, True)
        client.automation_rules.delete(*at, rule.name)
        same(len(list(client.automation_rules.list(*at))), 2)
    with suite.case("incidents are filtered, ordered and paged"):
        numbers = [one.incident_number for one in client.incidents.list(
            *at, filter="properties/status ne 'Closed'", orderby="properties/createdTimeUtc asc", top=2)]
        same((len(numbers), numbers[0]), (5, 12341))
    with suite.case("an incident is updated by its etag, created and deleted"):
        incident = client.incidents.get(*at, INCIDENT)
        stale = client.incidents.get(*at, INCIDENT)
        incident.severity = "Medium"
        changed = client.incidents.create_or_update(*at, INCIDENT, incident)
        same((changed.severity, changed.incident_number), ("Medium", 12345))
        refused(409, "Conflict", lambda: client.incidents.create_or_update(*at, INCIDENT, stale))
        made = client.incidents.create_or_update(*at, str(uuid.uuid4()), models.Incident(
            title="from an SDK", severity="Low", status="New", labels=[models.IncidentLabel(label_name="x")]))
        same((made.incident_number, made.labels[0].label_name), (12351, "x"))
        client.incidents.delete(*at, made.name)
        refused(404, "NotFound", lambda: client.incidents.get(*at, made.name))
    with suite.case("alerts, entities and bookmarks of an incident"):
        same(len(client.incidents.list_alerts(*at, INCIDENT).value), 3)
        entities = client.incidents.list_entities(*at, INCIDENT)
        same([one.kind for one in entities.entities], ["Ip", "Account", "Account"])
        same(entities.meta_data[0].count, 1)
        same(client.incidents.list_bookmarks(*at, INCIDENT).value, [])
    with suite.case("comments"):
        name = str(uuid.uuid4())
        comment = models.IncidentComment(message="Grüße 'x'")
        client.incident_comments.create_or_update(*at, INCIDENT, name, comment)
        same(client.incident_comments.get(*at, INCIDENT, name).author.name, "Sentinel jump host identity")
        same(len(list(client.incident_comments.list(*at, INCIDENT))), 3)
        client.incident_comments.delete(*at, INCIDENT, name)
        same(client.incidents.get(*at, INCIDENT).additional_data.comments_count, 2)
    with suite.case("bookmarks and relations"):
        name = str(uuid.uuid4())
        given = models.Bookmark(display_name="b", query="Heartbeat")
        mark = client.bookmarks.create_or_update(*at, name, given)
        relation = models.Relation(related_resource_id=mark.id)
        client.incident_relations.create_or_update(*at, INCIDENT, "r", relation)
        same([one.related_resource_name for one in client.incident_relations.list(*at, INCIDENT)], [name])
        same([one.name for one in client.incidents.list_bookmarks(*at, INCIDENT).value], [name])
        client.incident_relations.delete(*at, INCIDENT, "r")
        client.bookmarks.delete(*at, name)
        same(list(client.bookmarks.list(*at)), [])
    with suite.case("watchlists and their items"):
        lists = list(client.watchlists.list(*at))
        same(len(lists), 5)
        given = models.Watchlist(display_name="Mine", provider="me", source="Local file", items_search_key="Host",
                                 raw_content="Host,Note\r\na,1\r\nb,2\r\n", content_type="text/csv",
                                 number_of_lines_to_skip=0)
        if newest:
            client.watchlists.begin_create_or_update(*at, "Mine", given).result()
        else:
            client.watchlists.create_or_update(*at, "Mine", given)
        items = list(client.watchlist_items.list(*at, "Mine"))
        same([one.items_key_value for one in items], [{"Host": "a", "Note": "1"}, {"Host": "b", "Note": "2"}])
        item = client.watchlist_items.get(*at, "Mine", items[0].name)
        item.items_key_value = {"Host": "a", "Note": "3"}
        client.watchlist_items.create_or_update(*at, "Mine", item.name, item)
        client.watchlist_items.delete(*at, "Mine", items[1].name)
        same([one.items_key_value["Note"] for one in client.watchlist_items.list(*at, "Mine")], ["3"])
        if newest:
            client.watchlists.begin_delete(*at, "Mine", polling_interval=0).result()
        else:
            client.watchlists.delete(*at, "Mine")
        same(len(list(client.watchlists.list(*at))), 5)
    with suite.case("data connectors and onboarding"):
        # The other kind is in preview.
        kinds = sorted(one.kind for one in client.data_connectors.list(*at))
        same([kind for kind in kinds if kind != "MicrosoftThreatProtection"],
             ["AzureActiveDirectory", "Office365", "ThreatIntelligence"])
        same("MicrosoftThreatProtection" in kinds, newest)
        same([one.name for one in client.sentinel_onboarding_states.list(*at).value], ["default"])
    if newest:
        sentinel_newer(suite, client, at, models)


def sentinel_newer(suite, client, at, models):
    with suite.case("an NRT rule"):
        name = str(uuid.uuid4())
        made = client.alert_rules.create_or_update(*at, name, models.NrtAlertRule(
            kind="NRT", display_name="n", enabled=False, severity="Low", query="Heartbeat", suppression_enabled=False,
            suppression_duration=datetime.timedelta(hours=5)))
        same(made.kind, "NRT")
        client.alert_rules.delete(*at, name)
    with suite.case("tasks"):
        client.incident_tasks.create_or_update(*at, INCIDENT, "t", models.IncidentTask(title="look", status="New"))
        task = client.incident_tasks.get(*at, INCIDENT, "t")
        task.status = "Completed"
        client.incident_tasks.create_or_update(*at, INCIDENT, "t", task)
        same([one.status for one in client.incident_tasks.list(*at, INCIDENT)], ["Completed"])
        client.incident_tasks.delete(*at, INCIDENT, "t")
    with suite.case("content, metadata, settings, hunts and source controls have lists"):
        for part in ["content_packages", "content_templates", "product_packages", "product_templates", "metadata",
                     "security_ml_analytics_settings", "source_controls", "hunts", "data_connector_definitions"]:
            same(list(getattr(client, part).list(*at)), [])
    with suite.case("metadata is created, updated and deleted"):
        given = models.MetadataModel(kind="AnalyticsRule", parent_id=SPRAY, version="1.0.0")
        client.metadata.create(*at, "analyticsrule-mine", given)
        same(client.metadata.update(*at, "analyticsrule-mine", models.MetadataPatch(version="1.0.1")).version, "1.0.1")
        client.metadata.delete(*at, "analyticsrule-mine")


def log_analytics(suite, run):
    from azure.mgmt.loganalytics import LogAnalyticsManagementClient, models

    client = run.client(LogAnalyticsManagementClient, SUBSCRIPTION)
    at = (GROUP, WORKSPACE)
    with suite.case("workspaces and usages"):
        same([one.name for one in client.workspaces.list()], [WORKSPACE])
        same(client.workspaces.get(*at).customer_id, CUSTOMER)
        same([one.name.value for one in client.usages.list(*at)], ["DataAnalyzed"])
        same(client.schema.get(*at).value[0].name, "TimeGenerated")
    with suite.case("tables are listed whole"):
        names = [one.name for one in client.tables.list_by_workspace(*at)]
        same((len(names), names[0]), (19, "SigninLogs"))
    with suite.case("a table is created in the background, updated and deleted"):
        columns = [models.Column(name="TimeGenerated", type="dateTime"), models.Column(name="Count", type="int")]
        given = models.Table(schema=models.Schema(name="Sdk_CL", columns=columns), total_retention_in_days=180)
        made = client.tables.begin_create_or_update(*at, "Sdk_CL", given, polling_interval=0).result()
        same((made.provisioning_state, made.archive_retention_in_days), ("Succeeded", 90))
        change = models.Table(retention_in_days=30)
        changed = client.tables.begin_update(*at, "Sdk_CL", change, polling_interval=0).result()
        same((changed.retention_in_days, changed.total_retention_in_days), (30, 180))
        client.tables.begin_delete(*at, "Sdk_CL", polling_interval=0).result()
        refused(404, "NotFound", lambda: client.tables.get(*at, "Sdk_CL"))
    with suite.case("saved searches"):
        same(len(client.saved_searches.list_by_workspace(*at).value), 6)
        given = models.SavedSearch(category="c", display_name="d", query="Heartbeat", function_alias="f")
        client.saved_searches.create_or_update(*at, "mine", given)
        same(client.saved_searches.get(*at, "mine").function_alias, "f")
        client.saved_searches.delete(*at, "mine")
        refused(404, "NotFound", lambda: client.saved_searches.get(*at, "mine"))


def monitor(suite, run):
    from azure.mgmt.monitor import MonitorManagementClient, models

    client = run.client(MonitorManagementClient, SUBSCRIPTION)
    with suite.case("data collection rules"):
        rules = list(client.data_collection_rules.list_by_subscription())
        same((len(rules), len(list(client.data_collection_rules.list_by_resource_group(GROUP)))), (4, 4))
        rule = client.data_collection_rules.get(GROUP, "dcr-dnsfirewall-cl")
        same(rule.endpoints.logs_ingestion, run.url)
        made = client.data_collection_rules.create(GROUP, "sdk", rule)
        same((made.kind, made.immutable_id == rule.immutable_id), ("Direct", False))
        client.data_collection_rules.update(GROUP, "sdk", models.ResourceForUpdate(tags={"a": "b"}))
        same(client.data_collection_rules.get(GROUP, "sdk").tags, {"a": "b"})
        client.data_collection_rules.delete(GROUP, "sdk")
        refused(404, "ResourceNotFound", lambda: client.data_collection_rules.get(GROUP, "sdk"))
        refused(409, "AssociationExists", lambda: client.data_collection_rules.delete(GROUP, "dcr-nh-cef"))
    with suite.case("associations"):
        at = client.data_collection_rule_associations
        same(len(list(at.list_by_rule(GROUP, "dcr-nh-cef"))), 2)
        machine = f"{HOME}/providers/Microsoft.HybridCompute/machines/mine"
        rule = client.data_collection_rules.get(GROUP, "dcr-nh-cef")
        given = models.DataCollectionRuleAssociationProxyOnlyResource(data_collection_rule_id=rule.id)
        at.create(machine, "cef", given)
        same([one.name for one in at.list_by_resource(machine)], ["cef"])
        same(len(list(at.list_by_rule(GROUP, "dcr-nh-cef"))), 3)
        at.delete(machine, "cef")
    with suite.case("data collection endpoints"):
        network = models.DataCollectionEndpointNetworkAcls(public_network_access="Disabled")
        given = models.DataCollectionEndpointResource(location="germanywestcentral", network_acls=network)
        made = client.data_collection_endpoints.create(GROUP, "dce", given)
        same((made.network_acls.public_network_access, made.immutable_id[:4]), ("Disabled", "dce-"))
        same([one.name for one in client.data_collection_endpoints.list_by_subscription()], ["dce"])
        client.data_collection_endpoints.delete(GROUP, "dce")
    with suite.case("metrics of a rule"):
        rule = client.data_collection_rules.get(GROUP, "dcr-dnsfirewall-cl").id
        same(next(iter(client.metric_definitions.list(rule))).name.value, "BytesIngested")
        found = client.metrics.list(rule, metricnames="BytesIngested", interval="P1D", aggregation="Total",
                                    timespan="2026-11-20T00:00:00Z/2026-11-22T00:00:00Z")
        same([point.total for point in found.value[0].timeseries[0].data], [5.2e9, 5.2e9])


def workbooks(suite, run):
    from azure.mgmt.applicationinsights import ApplicationInsightsManagementClient

    client = run.client(ApplicationInsightsManagementClient, SUBSCRIPTION)
    with suite.case("workbooks"):
        books = list(client.workbooks.list_by_subscription(category="sentinel", can_fetch_content=True))
        same((len(books), books[0].serialized_data is None), (4, False))
        by_group = list(client.workbooks.list_by_resource_group(GROUP, category="sentinel", source_id=PLACE.lower()))
        same((len(by_group), by_group[0].serialized_data), (4, None))
        book = client.workbooks.get(GROUP, books[0].name, can_fetch_content=True)
        name = str(uuid.uuid4())
        book.display_name = "Übersicht"
        client.workbooks.create_or_update(GROUP, name, book)
        same(client.workbooks.get(GROUP, name).display_name, "Übersicht")
        client.workbooks.delete(GROUP, name)


def delegation(suite, run):
    from azure.mgmt.managedservices import ManagedServicesClient

    client = run.client(ManagedServicesClient)
    with suite.case("delegations"):
        scope = f"subscriptions/{SUBSCRIPTION}"
        found = list(client.registration_assignments.list(scope, expand_registration_definition=True))
        definition = found[0].properties.registration_definition.properties
        same(definition.registration_definition_name, "Leuchtturm Cyber Defence")


def data_plane(suite, run):
    from azure.core.exceptions import HttpResponseError
    from azure.monitor.ingestion import LogsIngestionClient
    from azure.monitor.query import LogsBatchQuery, LogsQueryClient

    query = LogsQueryClient(run.credential, endpoint=run.url)
    day = datetime.timedelta(days=1)

    def word(error):
        return error.error.innererror["innererror"]["innererror"]["token"]

    with suite.case("a query that is not understood names its operator"):
        for ask in [lambda: query.query_workspace(CUSTOMER, "union * | foobar", timespan=day, include_statistics=True),
                    lambda: query.query_resource(PLACE, "union * | foobar", timespan=day)]:
            try:
                ask()
            except HttpResponseError as error:
                same(error.status_code, 400)
                assert "foobar" in str(error), error
            else:
                raise AssertionError("an answer")
    with suite.case("a batch of queries"):
        asked = [LogsBatchQuery(workspace_id=CUSTOMER, query=text, timespan=day) for text in ["A | foo", "B | bar"]]
        answers = query.query_batch(asked)
        same([answer.code for answer in answers], ["BadArgumentError"] * 2)
    with suite.case("rows are sent, packed"):
        client = LogsIngestionClient(run.url, run.credential)
        rule = "dcr-0d3a0000000000000000000000000004"
        client.upload(rule, "Custom-DnsFirewall_CL", [{"DnsQuery": "a.example"}] * 1000)
        refused(400, "InvalidStream", lambda: client.upload(rule, "Custom-None", [{"x": 1}]))
        refused(404, "NotFound", lambda: client.upload("dcr-none", "Custom-None", [{"x": 1}]))


# Parts of a path that name what is there; everything else is named `none`.
NAMES = {
    "subscriptionId": SUBSCRIPTION, "resourceGroupName": GROUP, "workspaceName": WORKSPACE, "ruleId": SPRAY,
    "incidentId": INCIDENT, "incidentIdentifier": INCIDENT, "tableName": "SigninLogs", "location": "germanywestcentral",
    "watchlistAlias": "VIPUsers", "dataCollectionRuleName": "dcr-nh-cef", "workflowName": "pb-notify-soc",
    "resourceProviderNamespace": "Microsoft.SecurityInsights", "parentResourcePath": "incidents/none",
    "triggerName": "Microsoft_Sentinel_incident", "scope": f"subscriptions/{SUBSCRIPTION}",
    "resourceUri": f"{HOME}/providers/Microsoft.Insights/dataCollectionRules/dcr-nh-cef"[1:],
}
# Operations that nothing of ours asks for. They answer as of a type that there is not.
LEFT_OUT = {
    "billingStatistics", "recommendations", "threatIntelligence", "triggeredAnalyticsRuleRuns", "triggerRuleRun",
    "connect", "disconnect", "deletedWorkspaces", "intelligencePacks", "availableServiceTiers", "operations", "search",
    "revisions",
}


NO_ROUTE = {
    "InvalidResourceType", "InvalidResourceNamespace", "NoRegisteredProviderFound", "InvalidApiVersionParameter",
    "MissingApiVersionParameter",
}


def operations(suite, run, path):
    """Every operation that functions or features use has a route, in its version."""
    import requests

    with open(path, encoding="utf-8") as file:
        every = json.load(file)["operations"]
    token = run.credential.get_token("https://management.azure.com/.default").token
    asked, lost = 0, []
    for one in every:
        used = one["usedBy"]["functions"] or one["usedBy"]["features"]
        if one["service"] in ("loganalytics-query", "logs-ingestion") or not used:
            continue
        words = [part for part in one["path"].split("/") if not part.startswith("{")]
        # A pack of queries without a name is one that the service names.
        if LEFT_OUT & set(words) or (one["method"] == "PUT" and words[-1] == "queryPacks"):
            continue
        url = re.sub(r"\{(\w+)\}", lambda part: NAMES.get(part[1], "none"), one["path"].split("?")[0])
        # A write of nothing is refused for what it says, not for what it is.
        given = None if one["method"] in ("GET", "HEAD", "DELETE") else "[]"
        answer = requests.request(one["method"], run.url + url,
                                  params={"api-version": one["apiVersion"]}, data=given,
                                  headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"})
        is_json = answer.content and "json" in answer.headers.get("content-type", "")
        code = answer.json().get("error", {}).get("code") if is_json else None
        asked += 1
        if answer.status_code == 405 or code in NO_ROUTE:
            lost.append(f"{one['method']} {one['path']} {one['apiVersion']}: {answer.status_code} {code}")
    with suite.case(f"{asked} operations have a route"):
        assert asked > 100, asked
        assert not lost, "\n".join(lost)


def identities(suite, url):
    from azure.identity import ManagedIdentityCredential

    with suite.case("a VM's metadata service over http"):
        kept = {name: os.environ.pop(name) for name in ["IDENTITY_ENDPOINT", "IDENTITY_HEADER"]}
        os.environ["AZURE_POD_IDENTITY_AUTHORITY_HOST"] = url.replace("https:", "http:")
        try:
            token = ManagedIdentityCredential().get_token("https://management.azure.com/.default")
            same(token.token.count("."), 2)
        finally:
            del os.environ["AZURE_POD_IDENTITY_AUTHORITY_HOST"]
            os.environ.update(kept)


def main():
    import importlib.metadata

    parser = argparse.ArgumentParser()
    parser.add_argument("--facts")
    arguments = parser.parse_args()
    newest = importlib.metadata.version("azure-mgmt-securityinsight").startswith("2.")
    suite, bodies = Suite(), Bodies(arguments.facts and os.path.join(arguments.facts, "schemas"))
    folder = tempfile.mkdtemp()
    authority = os.path.join(folder, "authority.pem")
    command = [built("sentinel-jump"), "azure", "--listen", "127.0.0.1:0", "--ca-file", authority, "--page", "7",
               "--retry-after", "1"]
    with listening(command) as (_, url):
        os.environ.update(REQUESTS_CA_BUNDLE=authority, IDENTITY_ENDPOINT=url + "/msi/token", IDENTITY_HEADER="x")
        run = Run(url, bodies)
        sentinel(suite, run, newest)
        if newest:
            identities(suite, url)
            log_analytics(suite, run)
            monitor(suite, run)
            workbooks(suite, run)
            delegation(suite, run)
            data_plane(suite, run)
            if arguments.facts:
                operations(suite, run, os.path.join(arguments.facts, "operations.json"))
    if arguments.facts:
        with suite.case(f"{bodies.checked} bodies are as the schemas have them"):
            assert bodies.checked > (150 if newest else 80), bodies.checked
            assert not bodies.wrong, "\n".join(sorted(set(bodies.wrong))[:40])
    else:
        print("left out: the check of bodies, no --facts")
    suite.end()


if __name__ == "__main__":
    main()
