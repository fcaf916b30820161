//! Equality of documents, whatever numbers their references have.
//!
//! Compared are elements, their attributes and text. Type names are compared
//! where they are used, because which document repeats them and which refers
//! is a matter of taste. Not told apart: the order of the parts of an object,
//! and an empty `<Props />` or `<MS />` from none (for hosts they are alike).

use std::collections::{BTreeMap, HashMap};

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

#[derive(Debug, Default, PartialEq)]
struct Node {
    name: String,
    attributes: BTreeMap<String, String>,
    text: String,
    children: Vec<Self>,
}

/// Whether two documents say the same. Returns the first difference.
pub(crate) fn compare(left: &str, right: &str) -> Result<(), String> {
    differ(&normalised(left), &normalised(right), "")
}

fn differ(left: &Node, right: &Node, path: &str) -> Result<(), String> {
    let path = format!("{path}/{}", left.name);
    if (&left.name, &left.attributes, &left.text) != (&right.name, &right.attributes, &right.text) {
        let shown = |node: &Node| format!("{} {:?} {:?}", node.name, node.attributes, node.text);
        return Err(format!("{path}: {} / {}", shown(left), shown(right)));
    }
    if left.children.len() != right.children.len() {
        return Err(format!("{path}: {} / {} children", left.children.len(), right.children.len()));
    }
    left.children.iter().zip(&right.children).try_for_each(|(left, right)| differ(left, right, &path))
}

fn normalised(document: &str) -> Node {
    let mut root = parse(document);
    let mut ids = Ids::default();
    ids.normalise(&mut root);
    root
}

#[derive(Default)]
struct Ids {
    objects: HashMap<String, usize>,
    types: HashMap<String, Vec<Node>>,
}

impl Ids {
    fn normalise(&mut self, node: &mut Node) {
        let id = node.attributes.remove("RefId");
        match (node.name.as_str(), id) {
            ("Obj", Some(id)) => {
                let number = self.objects.len();
                self.objects.insert(id, number);
            }
            // The one number that has two names.
            ("Db" | "Sg", _) if node.text.ends_with("Infinity") => node.text = node.text.replace("Infinity", "INF"),
            ("Ref", Some(id)) => node.text = self.objects[&id].to_string(),
            ("TN", Some(id)) => {
                self.types.insert(id, node.children.iter().map(Node::copy).collect());
            }
            ("TNRef", Some(id)) => {
                node.name = "TN".to_owned();
                node.children = self.types[&id].iter().map(Node::copy).collect();
            }
            _ => {}
        }
        if !node.children.is_empty() {
            // White space between elements.
            node.text.clear();
        }
        node.children.iter_mut().for_each(|child| self.normalise(child));
        if node.name == "Obj" {
            node.children.retain(|part| !(["Props", "MS"].contains(&part.name.as_str()) && part.children.is_empty()));
            node.children.sort_by_key(|part| match part.name.as_str() {
                "TN" => 0,
                "ToString" => 1,
                "Props" => 3,
                "MS" => 4,
                _ => 2,
            });
        }
    }
}

impl Node {
    fn new(tag: &BytesStart<'_>) -> Self {
        let attribute = |attribute: quick_xml::events::attributes::Attribute<'_>| {
            let value = quick_xml::escape::unescape(&attribute.value).unwrap().into_owned();
            (attribute.key.into_inner().to_owned(), value)
        };
        let attributes = tag.attributes().map(|each| attribute(each.unwrap())).collect();
        Self { name: tag.name().into_inner().to_owned(), attributes, ..Self::default() }
    }

    fn copy(&self) -> Self {
        Self { name: self.name.clone(), text: self.text.clone(), ..Self::default() }
    }
}

fn parse(document: &str) -> Node {
    let mut reader = Reader::from_str(document);
    let mut open = vec![Node::default()];
    loop {
        match reader.read_event().unwrap() {
            Event::Start(tag) => open.push(Node::new(&tag)),
            Event::Empty(tag) => open.last_mut().unwrap().children.push(Node::new(&tag)),
            Event::End(_) => {
                let node = open.pop().unwrap();
                open.last_mut().unwrap().children.push(node);
            }
            Event::Text(text) => open.last_mut().unwrap().text.push_str(&text.xml10_content()),
            Event::GeneralRef(name) => {
                let text = quick_xml::escape::unescape(&format!("&{};", &*name)).unwrap().into_owned();
                open.last_mut().unwrap().text.push_str(&text);
            }
            Event::Eof => return open.pop().unwrap(),
            other => panic!("{other:?}"),
        }
    }
}
