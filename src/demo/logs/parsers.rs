//! Functions that a workspace has: those it saved, and the normalising
//! parsers of ASIM that are in every workspace.

use std::collections::HashMap;

use crate::demo::kql::Function;
use crate::demo::world::content::SavedSearch;

/// Parameters of `_Im_Dns`. Source: the ASIM reference of the Dns schema.
const DNS_PARAMETERS: &str = "starttime:datetime=datetime(null), endtime:datetime=datetime(null), \
    srcipaddr:dynamic=dynamic([]), domain_has_any:dynamic=dynamic([]), responsecodename:string='*', \
    response_has_ipv4:string='*', response_has_any_prefix:dynamic=dynamic([]), eventtype:string='Query', \
    pack:bool=false";

/// What it gives where the workspace has no source of DNS.
const NO_DNS: &str = "datatable(TimeGenerated:datetime, EventType:string, EventCount:int, EventStartTime:datetime, \
    EventEndTime:datetime, EventVendor:string, EventProduct:string, EventSchema:string, EventSchemaVersion:string, \
    EventResult:string, DnsQuery:string, DnsQueryTypeName:string, DnsResponseCodeName:string, SrcIpAddr:string, \
    DstIpAddr:string, Dvc:string, Domain:string, Dst:string, Src:string, Type:string)[]";

/// The part of one source. The aliases come first: a source that lacks a
/// mandatory field makes the whole of it fail.
const OF_SOURCE: &str = "\
| extend Dst=DstIpAddr, Src=SrcIpAddr
| where (isnull(starttime) or TimeGenerated >= starttime) and (isnull(endtime) or TimeGenerated <= endtime)
| where array_length(srcipaddr) == 0 or SrcIpAddr in (srcipaddr)
| where array_length(domain_has_any) == 0 or DnsQuery has_any (domain_has_any)
| where responsecodename == '*' or DnsResponseCodeName =~ responsecodename";

/// All functions by their names.
pub(super) fn functions(saved: &[SavedSearch]) -> HashMap<String, Function> {
    let named = saved.iter().filter_map(|search| Some((search.alias.as_deref()?, search)));
    let mut all: HashMap<String, Function> = HashMap::new();
    let mut sources: Vec<&str> = Vec::new();
    for (alias, search) in named {
        let function = Function { parameters: search.parameters.clone(), query: search.query.clone() };
        all.insert(alias.to_owned(), function);
        // By the names that the model prescribes.
        if alias.strip_prefix("ASimDns").is_some_and(|source| !source.is_empty()) {
            sources.push(alias);
        }
    }
    let query = match sources.as_slice() {
        [] => NO_DNS.to_owned(),
        sources => {
            let parts: Vec<String> = sources.iter().map(|source| format!("({source}\n{OF_SOURCE})")).collect();
            format!("union {}", parts.join(", "))
        }
    };
    for name in ["_Im_Dns", "imDns"] {
        all.insert(name.to_owned(), Function { parameters: DNS_PARAMETERS.to_owned(), query: query.clone() });
    }
    let plain =
        Function { parameters: "disabled:bool=false, pack:bool=false".to_owned(), query: "_Im_Dns()".to_owned() };
    all.insert("_ASim_Dns".to_owned(), plain);
    all
}
