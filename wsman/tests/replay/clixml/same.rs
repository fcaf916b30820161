//! Equality of values, whatever numbers their references have.

use std::collections::HashMap;

use wsman::clixml::{Content, Object, Property, Value};

/// Whether two values are equal and share the same of their objects. Returns
/// the path to the first difference.
pub(crate) fn values(left: &Value, right: &Value) -> Result<(), String> {
    Pairs::default().value(left, right).map_err(|path| path.into_iter().rev().collect::<Vec<_>>().join("/"))
}

#[derive(Default)]
struct Pairs {
    seen: HashMap<*const Object, *const Object>,
    open: Vec<(u64, u64)>,
}

type Compared = Result<(), Vec<String>>;

fn check(equal: bool, what: &str) -> Compared {
    if equal { Ok(()) } else { Err(vec![what.to_owned()]) }
}

fn under(compared: Compared, step: &str) -> Compared {
    compared.map_err(|mut path| {
        path.push(step.to_string());
        path
    })
}

impl Pairs {
    fn value(&mut self, left: &Value, right: &Value) -> Compared {
        match (left, right) {
            (Value::Object(left), Value::Object(right)) => {
                let pair = (std::sync::Arc::as_ptr(left), std::sync::Arc::as_ptr(right));
                if let Some(known) = self.seen.insert(pair.0, pair.1) {
                    return check(known == pair.1, "sharing");
                }
                let ids = (left.ref_id, right.ref_id);
                self.open.push((ids.0.map_or(u64::MAX, |id| id.0), ids.1.map_or(u64::MAX, |id| id.0)));
                let compared = self.object(left, right);
                self.open.pop();
                compared
            }
            (Value::Ref(left), Value::Ref(right)) => {
                let left = self.open.iter().rposition(|(id, _)| *id == left.0);
                check(left == self.open.iter().rposition(|(_, id)| *id == right.0), "cycle")
            }
            (Value::MemberSet(left), Value::MemberSet(right)) => self.properties(left, right),
            (Value::F32(left), Value::F32(right)) => check(left.to_bits() == right.to_bits(), "single"),
            (Value::F64(left), Value::F64(right)) => check(left.to_bits() == right.to_bits(), "double"),
            _ => check(left == right, "primitive"),
        }
    }

    fn object(&mut self, left: &Object, right: &Object) -> Compared {
        check(left.type_names == right.type_names, "type names")?;
        check(left.to_string == right.to_string, "ToString")?;
        match (&left.content, &right.content) {
            (Content::None, Content::None) => {}
            (Content::Primitive(left), Content::Primitive(right)) => self.value(left, right)?,
            (Content::List(kind, left), Content::List(other, right)) => {
                check(kind == other && left.len() == right.len(), "list")?;
                for (index, (left, right)) in left.iter().zip(right).enumerate() {
                    under(self.value(left, right), &index.to_string())?;
                }
            }
            (Content::Dictionary(left), Content::Dictionary(right)) => {
                check(left.len() == right.len(), "dictionary")?;
                for (index, (left, right)) in left.iter().zip(right).enumerate() {
                    under(self.value(&left.0, &right.0), &index.to_string())?;
                    under(self.value(&left.1, &right.1), &index.to_string())?;
                }
            }
            _ => check(false, "content")?,
        }
        under(self.properties(&left.adapted, &right.adapted), "Props")?;
        under(self.properties(&left.extended, &right.extended), "MS")
    }

    fn properties(&mut self, left: &[Property], right: &[Property]) -> Compared {
        check(left.len() == right.len(), "number of properties")?;
        for (left, right) in left.iter().zip(right) {
            check(left.name == right.name, "name")?;
            under(self.value(&left.value, &right.value), &left.name.to_string_lossy())?;
        }
        Ok(())
    }
}
