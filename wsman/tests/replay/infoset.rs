//! Documents as trees, and their equality whatever numbers their references
//! have. Read with quick-xml alone, so that it can judge the crate's reader.
//!
//! Compared are elements, their attributes and text. Type names are compared
//! where they are used, because which document repeats them and which refers
//! is a matter of taste. Not told apart: the order of the parts of an object,
//! and an empty `<Props />` or `<MS />` from none (for hosts they are alike).

use std::collections::{BTreeMap, HashMap};

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

/// An element.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Node {
    /// Namespace, empty for none.
    pub(crate) space: String,
    /// Local name.
    pub(crate) name: String,
    /// By name as written, without namespace declarations.
    pub(crate) attributes: BTreeMap<String, String>,
    pub(crate) text: String,
    pub(crate) children: Vec<Self>,
}

/// Whether two CLIXML documents of one value say the same. Returns the first
/// difference.
pub(crate) fn compare(left: &str, right: &str) -> Result<(), String> {
    match (&normalised(left)?[..], &normalised(right)?[..]) {
        ([left], [right]) => differ(left, right, ""),
        (left, right) => Err(format!("{} / {} values", left.len(), right.len())),
    }
}

/// Whether a document of any number of values, written by hand or by a tool,
/// says the same as one document for each. Characters that one of them writes
/// as they are and the other as `_x000A_` are the same to PowerShell; so is a
/// name on an item of a list, which nobody reads.
pub(crate) fn compare_each(document: &str, each: &[String]) -> Result<(), String> {
    let mut values = normalised(document)?;
    if values.len() != each.len() {
        return Err(format!("{} / {} values", values.len(), each.len()));
    }
    for (left, right) in values.iter_mut().zip(each) {
        let mut right = normalised(right)?;
        let right = right.first_mut().ok_or("no value")?;
        left.attributes.remove("N");
        left.ease();
        right.ease();
        differ(left, right, "")?;
    }
    Ok(())
}

/// `_xHHHH_` taken as the UTF-16 unit that it stands for.
fn unescaped(text: &str) -> Vec<u16> {
    let units: Vec<u16> = text.encode_utf16().collect();
    let (mut out, mut at) = (Vec::new(), 0);
    while at < units.len() {
        let escape = units.get(at..at + 7).map(String::from_utf16_lossy);
        let digits = escape.as_deref().and_then(|escape| escape.strip_prefix("_x")?.strip_suffix('_'));
        match digits.and_then(|digits| u16::from_str_radix(digits, 16).ok()) {
            Some(unit) => {
                out.push(unit);
                at += 7;
            }
            None => {
                out.push(units[at]);
                at += 1;
            }
        }
    }
    out
}

/// The first difference of two trees, in which namespaces count as well.
pub(crate) fn differ(left: &Node, right: &Node, path: &str) -> Result<(), String> {
    let path = format!("{path}/{}", left.name);
    let own = |node: &Node| (node.space.clone(), node.name.clone(), node.attributes.clone(), node.text.clone());
    if own(left) != own(right) {
        let shown = |node: &Node| {
            let text: String = node.text.chars().take(120).collect();
            format!("{} {:?} {text:?}", node.name, node.attributes)
        };
        return Err(format!("{path}: {} / {}", shown(left), shown(right)));
    }
    if left.children.len() != right.children.len() {
        let names = |node: &Node| {
            let names = node.children.iter().take(12).map(|child| {
                child.attributes.get("N").map_or_else(|| child.name.clone(), |n| format!("{}:{n}", child.name))
            });
            names.collect::<Vec<_>>().join(" ")
        };
        let counts = (left.children.len(), right.children.len());
        return Err(format!("{path}: {} / {} children ({} / {})", counts.0, counts.1, names(left), names(right)));
    }
    left.children.iter().zip(&right.children).try_for_each(|(left, right)| differ(left, right, &path))
}

/// The values of a CLIXML document, without what does not count.
fn normalised(document: &str) -> Result<Vec<Node>, String> {
    let document = document.trim_start_matches('\u{FEFF}');
    let mut top = forest(document)?;
    if let [only] = &mut top[..]
        && only.name == "Objs"
    {
        top = std::mem::take(&mut only.children);
    }
    let mut ids = Ids::default();
    for value in &mut top {
        ids.base = ids.count;
        value.attributes.remove("S");
        ids.normalise(value)?;
    }
    Ok(top)
}

#[derive(Default)]
struct Ids {
    objects: HashMap<String, usize>,
    types: HashMap<String, Vec<Node>>,
    count: usize,
    /// Objects before the value at hand: each counts from zero.
    base: usize,
}

impl Ids {
    fn normalise(&mut self, node: &mut Node) -> Result<(), String> {
        node.space.clear();
        let id = node.attributes.remove("RefId");
        match (node.name.as_str(), id) {
            ("Obj", Some(id)) => {
                self.objects.insert(id, self.count);
                self.count += 1;
            }
            ("Obj", None) => self.count += 1,
            // The one number that has two names.
            ("Db" | "Sg", _) if node.text.ends_with("Infinity") => node.text = node.text.replace("Infinity", "INF"),
            ("Ref", Some(id)) => {
                let object = self.objects.get(&id).ok_or_else(|| format!("Ref to {id}, which is not there"))?;
                node.text = (*object as i64 - self.base as i64).to_string();
            }
            ("TN", Some(id)) => {
                self.types.insert(id, node.children.iter().map(Node::shallow).collect());
            }
            ("TNRef", Some(id)) => {
                node.name = "TN".to_owned();
                let names = self.types.get(&id).ok_or_else(|| format!("TNRef to {id}, which is not there"))?;
                node.children = names.iter().map(Node::shallow).collect();
            }
            _ => {}
        }
        if !node.children.is_empty() {
            // White space between elements.
            node.text.clear();
        }
        node.children.iter_mut().try_for_each(|child| self.normalise(child))?;
        if node.name == "Obj" {
            node.text.clear();
            node.children.retain(|part| !(["Props", "MS"].contains(&part.name.as_str()) && part.children.is_empty()));
            node.children.sort_by_key(|part| match part.name.as_str() {
                "TN" => 0,
                "ToString" => 1,
                "Props" => 3,
                "MS" => 4,
                _ => 2,
            });
        } else if ["DCT", "LST", "IE", "STK", "QUE", "En", "MS", "Props", "TN"].contains(&node.name.as_str()) {
            node.text.clear();
        }
        Ok(())
    }
}

impl Node {
    fn shallow(&self) -> Self {
        Self { name: self.name.clone(), text: self.text.clone(), ..Self::default() }
    }

    /// Reads a document with one root.
    pub(crate) fn parse(document: &str) -> Result<Self, String> {
        let mut top = forest(document)?;
        match (top.pop(), top.is_empty()) {
            (Some(root), true) => Ok(root),
            _ => Err("not one root".to_owned()),
        }
    }

    /// See [`compare_each`].
    fn ease(&mut self) {
        let plain = |text: &str| format!("{:?}", String::from_utf16(&unescaped(text)).map_err(|_| unescaped(text)));
        self.text = plain(&self.text);
        self.attributes.values_mut().for_each(|value| *value = plain(value));
        let is_list = ["LST", "IE", "QUE", "STK"].contains(&self.name.as_str());
        for child in &mut self.children {
            if is_list {
                child.attributes.remove("N");
            }
            child.ease();
        }
    }

    /// Every element below and itself, in document order.
    pub(crate) fn walk<'n>(&'n self, found: &mut dyn FnMut(&'n Self)) {
        found(self);
        self.children.iter().for_each(|child| child.walk(found));
    }

    /// The first element of that local name.
    pub(crate) fn find(&self, name: &str) -> Option<&Self> {
        let mut first = None;
        self.walk(&mut |node| {
            if first.is_none() && node.name == name {
                first = Some(node);
            }
        });
        first
    }
}

/// Namespaces in scope: depth, prefix, URI.
type Scope = Vec<(usize, String, String)>;

fn element(tag: &BytesStart<'_>, depth: usize, scope: &mut Scope) -> Result<Node, String> {
    let mut node = Node::default();
    for attribute in tag.attributes() {
        let attribute = attribute.map_err(|error| error.to_string())?;
        let value = quick_xml::escape::unescape(&attribute.value).map_err(|error| error.to_string())?.into_owned();
        let key = attribute.key.into_inner();
        match key.strip_prefix("xmlns") {
            Some("") => scope.push((depth, String::new(), value)),
            Some(prefix) if prefix.starts_with(':') => scope.push((depth, prefix[1..].to_owned(), value)),
            _ => {
                node.attributes.insert(key.to_owned(), value);
            }
        }
    }
    let name = tag.name().into_inner();
    let (prefix, local) = name.split_once(':').unwrap_or(("", name));
    let known = scope.iter().rev().find(|(_, known, _)| known == prefix).map(|(_, _, uri)| uri.clone());
    node.space = known.unwrap_or_default();
    node.name = local.to_owned();
    Ok(node)
}

fn forest(document: &str) -> Result<Vec<Node>, String> {
    let mut reader = Reader::from_str(document);
    let mut open = vec![Node::default()];
    let mut scope = Scope::new();
    loop {
        let event = reader.read_event().map_err(|error| error.to_string())?;
        let depth = open.len();
        let last = open.last_mut().ok_or("too many ends")?;
        match event {
            Event::Start(tag) => {
                let node = element(&tag, depth, &mut scope)?;
                open.push(node);
            }
            Event::Empty(tag) => {
                last.children.push(element(&tag, depth, &mut scope)?);
                scope.retain(|(at, ..)| *at < depth);
            }
            Event::End(_) => {
                let node = open.pop().ok_or("too many ends")?;
                scope.retain(|(at, ..)| *at < depth - 1);
                open.last_mut().ok_or("too many ends")?.children.push(node);
            }
            Event::Text(text) => last.text.push_str(&text.xml10_content()),
            Event::CData(text) => last.text.push_str(&text.xml10_content()),
            Event::GeneralRef(name) => {
                let reference = format!("&{};", &*name);
                last.text.push_str(&quick_xml::escape::unescape(&reference).map_err(|error| error.to_string())?);
            }
            Event::Comment(_) | Event::PI(_) | Event::Decl(_) => {}
            Event::DocType(_) => return Err("a DTD".to_owned()),
            Event::Eof if depth == 1 => {
                let root = open.pop().ok_or("too many ends")?;
                return if root.text.trim().is_empty() {
                    Ok(root.children)
                } else {
                    Err("text outside of it".to_owned())
                };
            }
            Event::Eof => return Err("not closed".to_owned()),
        }
    }
}
