//! A task for the people of a business, shown on their own Storeganise pages.

use serde_json::{Value, json};

/// What a task is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TaskTarget {
    /// The add-on of this id.
    Addon(String),
    /// The user of this id.
    User(String),
}

/// A task to be filed in a business.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Task {
    /// What it is about.
    pub target: TaskTarget,
    /// One line.
    pub title: String,
    /// What happened and what to do, in plain text.
    pub description: String,
}

impl Task {
    pub(crate) fn body(&self) -> Value {
        let (kind, id) = match &self.target {
            TaskTarget::Addon(id) => ("addon", id),
            TaskTarget::User(id) => ("user", id),
        };
        json!({
            "type": "task",
            "ownerId": null,
            "data": { "targetType": kind, "targetId": id, "title": self.title, "desc": self.description },
        })
    }
}

/// The id an answer gives a task; none where it has another form.
pub(crate) fn id_of(task: &Value) -> Option<String> {
    match task.get("id")? {
        Value::String(id) if !id.is_empty() => Some(id.clone()),
        Value::Number(id) => Some(id.to_string()),
        _ => None,
    }
}

/// The tasks of a list, bare or wrapped.
pub(crate) fn list(answer: &Value) -> Option<&[Value]> {
    match answer {
        Value::Array(tasks) => Some(tasks),
        Value::Object(wrapper) => wrapper.values().find_map(|value| value.as_array().map(Vec::as_slice)),
        _ => None,
    }
}

/// Whether a task's text contains these words.
pub(crate) fn mentions(task: &Value, words: &str) -> bool {
    task["data"]["desc"].as_str().is_some_and(|text| text.contains(words))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_is_found_again_by_its_words_in_a_list_of_either_form() {
        let tasks =
            json!([{ "id": "a", "data": { "desc": "x" } }, { "id": 7, "data": { "desc": "see N-1." } }]);
        for answer in [tasks.clone(), json!({ "jobs": tasks })] {
            let found = list(&answer).unwrap().iter().find(|task| mentions(task, "N-1"));
            assert_eq!(found.and_then(id_of).as_deref(), Some("7"));
        }
        assert_eq!(list(&json!("no list")), None);
        assert_eq!(id_of(&json!({ "id": "" })), None);
    }
}
