"""The real Azure CLI against the simulated Azure: it signs in by managed
identity, and as a service principal, and reads and writes.

usage: python azure_cli.py AZ

AZ is the program. Starts `sentinel-jump azure`; cargo build makes it. Ends with
`N passed, M failed`.
"""

import contextlib
import datetime
import json
import os
import subprocess
import sys
import tempfile

from suite import Suite, built, listening, same

SUBSCRIPTION = "000000c1-0d3a-4000-8000-000000000001"
TENANT = "000000d1-0d3a-4000-8000-000000000001"
CUSTOMER = "000000c1-0d3a-4000-8000-000000000002"
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-sec-prod"
PLACE = f"{GROUP}/providers/Microsoft.OperationalInsights/workspaces/law-nordhafen-sec-prod"
SENTINEL = f"{PLACE}/providers/Microsoft.SecurityInsights"
AT = ["-g", "rg-sec-prod", "--workspace-name", "law-nordhafen-sec-prod"]


class Az:
    def __init__(self, program, folder, authority, url, host=""):
        self.program, self.url = program, url
        self.environment = {
            **os.environ,
            "AZURE_CONFIG_DIR": folder,
            "AZURE_CORE_COLLECT_TELEMETRY": "false",
            "AZURE_CORE_ONLY_SHOW_ERRORS": "true",
            "REQUESTS_CA_BUNDLE": authority,
            "IDENTITY_ENDPOINT": f"{url}{host}/msi/token",
            "IDENTITY_HEADER": "x",
        }

    def run(self, *arguments):
        return subprocess.run([self.program, *arguments, "-o", "json"], env=self.environment, capture_output=True,
                              text=True, timeout=120)

    def __call__(self, *arguments):
        ran = self.run(*arguments)
        assert ran.returncode == 0, f"az {' '.join(arguments)}: {ran.stderr[-1500:]}"
        return json.loads(ran.stdout) if ran.stdout.strip() else None

    def rest(self, method, path, version, body=None, *more):
        given = ["--body", json.dumps(body)] if body is not None else []
        return self("rest", "--method", method, "--url", f"{path}?api-version={version}", *given, *more)


def main():
    suite = Suite()
    folder = tempfile.mkdtemp()
    authority = os.path.join(folder, "authority.pem")
    command = [built("sentinel-jump"), "azure", "--listen", "127.0.0.1:0", "--ca-file", authority, "--page", "10",
               "--retry-after", "1"]
    with contextlib.ExitStack() as held:
        _, url = held.enter_context(listening(command))
        az = Az(sys.argv[1], os.path.join(folder, "provider"), authority, url)
        with suite.case("the cloud is registered by its endpoints"):
            az("cloud", "register", "-n", "demo", "--endpoint-resource-manager", url)
            az("cloud", "set", "-n", "demo")
        with suite.case("a sign-in by managed identity sees every subscription"):
            seen = az("login", "--identity")
            same(len(seen), 4)
            az("account", "set", "-s", SUBSCRIPTION)
            token = az("account", "get-access-token")
            same((token["subscription"], token["tokenType"]), (SUBSCRIPTION, "Bearer"))
        with suite.case("what the resource manager knows"):
            same([one["name"] for one in az("group", "list")], ["rg-sec-prod"])
            same(len(az("resource", "list", "--resource-type", "Microsoft.Insights/workbooks")), 4)
            same(az("provider", "show", "-n", "Microsoft.SecurityInsights")["registrationState"], "Registered")
        with suite.case("rules by az rest"):
            page = az.rest("get", f"{SENTINEL}/alertRules", "2025-09-01")
            same((len(page["value"]), "nextLink" in page), (10, True))
            rule = page["value"][1]
            rule["properties"]["displayName"] = "über az"
            changed = az.rest("put", rule["id"], "2025-09-01", rule)
            same(changed["properties"]["displayName"], "über az")
            ran = az.run("rest", "--method", "put", "--url", f"{rule['id']}?api-version=2025-09-01", "--body",
                         json.dumps(rule))
            assert ran.returncode == 1 and "Conflict" in ran.stderr, ran.stderr
        with suite.case("a query by az rest"):
            ran = az.run("rest", "--method", "post", "--url", f"{url}/v1/workspaces/{CUSTOMER}/query", "--resource",
                         "https://api.loganalytics.io", "--body", json.dumps({"query": "union * | foobar"}))
            assert ran.returncode == 1 and "foobar" in ran.stderr, ran.stderr
        with suite.case("workspaces and their tables"):
            place = az("monitor", "log-analytics", "workspace", "list")
            same([one["customerId"] for one in place], [CUSTOMER])
            tables = az("monitor", "log-analytics", "workspace", "table", "list", *AT)
            same(len(tables), 19)
            made = az("monitor", "log-analytics", "workspace", "table", "create", *AT, "-n", "Az_CL", "--columns",
                      "TimeGenerated=datetime", "Count=int", "--retention-time", "30", "--total-retention-time", "60")
            same((made["retentionInDays"], made["provisioningState"]), (30, "Succeeded"))
            made = az("monitor", "log-analytics", "workspace", "table", "update", *AT, "-n", "Az_CL",
                      "--total-retention-time", "90")
            same(made["totalRetentionInDays"], 90)
            az("monitor", "log-analytics", "workspace", "table", "delete", *AT, "-n", "Az_CL", "-y")
        with suite.case("saved searches and usages"):
            same(len(az("monitor", "log-analytics", "workspace", "saved-search", "list", *AT)), 6)
            made = az("monitor", "log-analytics", "workspace", "saved-search", "create", *AT, "-n", "mine",
                      "--category", "c", "--display-name", "d", "-q", "Heartbeat")
            same(made["displayName"], "d")
            same(len(az("monitor", "log-analytics", "workspace", "list-usages", "-g", "rg-sec-prod", "-n",
                        "law-nordhafen-sec-prod")), 1)
        with suite.case("diagnostic settings, metrics and delegations"):
            rule = f"{GROUP}/providers/Microsoft.Insights/dataCollectionRules/dcr-nh-cef"
            same(az("monitor", "diagnostic-settings", "list", "--resource", PLACE), [])
            found = az("monitor", "metrics", "list", "--resource", rule, "--metric", "BytesIngested")
            same(found["value"][0]["unit"], "Bytes")
            same(len(az("managedservices", "assignment", "list")), 1)
        own = Az(sys.argv[1], os.path.join(folder, "customer"), authority, url, "/nordhafen")
        with suite.case("a customer's own identity sees its own"):
            own("cloud", "register", "-n", "demo", "--endpoint-resource-manager", url)
            own("cloud", "set", "-n", "demo")
            same(len(own("login", "--identity")), 2)
        with suite.case("a service principal signs in by its secret"):
            own("config", "set", "core.instance_discovery=false")
            signed = own("login", "--service-principal", "-u", "an-application", "-p", "a-secret", "--tenant", TENANT)
            same([one["tenantId"] for one in signed], [TENANT] * 2)
        with suite.case("a service principal signs in by its certificate"):
            signed = own("login", "--service-principal", "-u", "an-application", "--certificate", certificate(folder),
                         "--tenant", TENANT)
            same([one["tenantId"] for one in signed], [TENANT] * 2)
    suite.end()


def certificate(folder):
    """A certificate and its key, in one file, as the CLI wants them."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "an-application")])
    now = datetime.datetime.now(datetime.timezone.utc)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(1).not_valid_before(now).not_valid_after(now + datetime.timedelta(days=1))
    made = made.sign(key, hashes.SHA256())
    path = os.path.join(folder, "application.pem")
    plain = serialization.NoEncryption()
    with open(path, "wb") as file:
        file.write(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain))
        file.write(made.public_bytes(serialization.Encoding.PEM))
    return path


if __name__ == "__main__":
    main()
