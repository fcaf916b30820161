//! Who and what works in a workspace's logs.

/// The names of one customer.
pub(super) struct Names {
    /// Mail domain.
    pub(super) domain: &'static str,
    pub(super) users: &'static [&'static str],
    pub(super) servers: &'static [&'static str],
    pub(super) clients: &'static [&'static str],
    pub(super) linux: &'static [&'static str],
    /// Country of its offices, and its city, as sign-ins have them.
    pub(super) home: (&'static str, &'static str),
    /// The first three numbers of its addresses outside and inside.
    pub(super) outside: &'static str,
    pub(super) inside: &'static str,
}

const NORDHAFEN: Names = Names {
    domain: "nordhafen.example",
    users: &[
        "a.petersen",
        "b.krause",
        "dispo01",
        "dispo02",
        "k.mertens",
        "m.hansen",
        "s.jansen",
        "t.peters",
        "u.behrens",
        "j.lorenz",
        "h.voss",
        "n.carstens",
        "vorstand1",
    ],
    servers: &["SRV-DC01", "SRV-DC02", "SRV-FILE01", "SRV-SQL01", "SRV-TOS01"],
    clients: &["NH-WS-0101", "NH-WS-0117", "NH-WS-0142", "NH-NB-0210", "NH-NB-0233"],
    linux: &["nh-cef-01", "nh-web-01", "nh-jump-01"],
    home: ("DE", "Hamburg"),
    outside: "198.51.100",
    inside: "10.20.4",
};

const NORDHAFEN_OT: Names = Names {
    servers: &["OT-HMI01", "OT-ENG01"],
    clients: &["OT-WS-01", "OT-WS-02"],
    linux: &["ot-gw-01"],
    inside: "10.90.3",
    ..NORDHAFEN
};

const ALPENMED: Names = Names {
    domain: "alpenmed.example",
    users: &[
        "oa.steiner",
        "v.gruber",
        "pflege.leitung",
        "empfang",
        "hd.support",
        "labor01",
        "radiologie",
        "a.moser",
        "e.wagner",
        "k.huber",
        "c.bauer",
        "i.pichler",
    ],
    servers: &["AM-DC01", "AM-DC02", "AM-PACS01", "AM-KIS01"],
    clients: &["AM-ST-011", "AM-ST-027", "AM-NB-104"],
    linux: &["am-cef-01", "am-int-01"],
    home: ("AT", "Innsbruck"),
    outside: "192.0.2",
    inside: "10.30.2",
};

const MARLOWE: Names = Names {
    domain: "marlowe.example",
    users: &[
        "i.doyle",
        "m.ellis",
        "p.shaw",
        "r.whitmore",
        "g.hale",
        "control01",
        "control02",
        "l.frost",
        "d.burke",
        "s.okonjo",
        "w.lane",
    ],
    servers: &["mg-dc-01", "mg-dc-02", "mg-srv-hist01", "mg-srv-app02"],
    clients: &["mg-ws-1187", "mg-ws-1190", "mg-nb-0312"],
    linux: &["mg-jmp-02", "mg-syslog-01", "mg-web-03"],
    home: ("GB", "Leeds"),
    outside: "198.51.100",
    inside: "10.44.1",
};

impl Names {
    /// Those of a workspace.
    pub(super) fn of(alias: &str) -> &'static Self {
        match alias {
            "nordhafen-ot" => &NORDHAFEN_OT,
            "alpenmed-prod" => &ALPENMED,
            "marlowe-prod" => &MARLOWE,
            _ => &NORDHAFEN,
        }
    }

    pub(super) fn upn(&self, user: &str) -> String {
        format!("{user}@{}", self.domain)
    }
}
