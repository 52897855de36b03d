//! The JSON Schema of a scenario file, made from the vocabulary: what an editor needs for completion and hovers.

use super::vocabulary::{Block, FILE, Fallback, Key, Shape, blocks};
use serde_json::{Map, Value, json};

/// The schema, draft 2020-12.
pub fn schema() -> Value {
    let mut definitions = Map::new();
    for block in blocks() {
        definitions.insert(name(block), of_block(block));
    }
    let mut schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "eastwest scenario",
        "description": "One file is one experiment of multi-region service-mesh traffic.",
    });
    let map = schema.as_object_mut().expect("it is an object");
    if let Value::Object(root) = of(&FILE) {
        map.extend(root);
    }
    map.insert("$defs".into(), Value::Object(definitions));
    schema
}

/// A block's name among the definitions; unique, which a test holds.
fn name(block: &Block) -> String {
    block.title.replace(|c: char| !c.is_ascii_alphanumeric(), "-")
}

fn of_block(block: &'static Block) -> Value {
    let mut properties = Map::new();
    for key in block.keys {
        properties.insert(key.name.into(), of_key(key));
    }
    let required: Vec<_> =
        block.keys.iter().filter(|key| key.fallback == Fallback::Required).map(|key| key.name).collect();
    let mut schema = json!({
        "type": "object",
        "description": block.about,
        "properties": properties,
        "additionalProperties": false,
    });
    let map = schema.as_object_mut().expect("it is an object");
    if block.one_of {
        map.insert("minProperties".into(), 1.into());
        map.insert("maxProperties".into(), 1.into());
    }
    // A file that stands on another may leave to it what is required.
    if !required.is_empty() && block.key("base").is_none() {
        map.insert("required".into(), json!(required));
    }
    schema
}

fn of_key(key: &'static Key) -> Value {
    let mut schema = if key.name == "variants" && matches!(key.shape, Shape::Names(Shape::Text)) {
        // An overlay may say any part, and null removes: what it comes to is checked once it is laid over.
        json!({"type": "object", "additionalProperties": {"type": ["object", "null"]}})
    } else {
        of(&key.shape)
    };
    let map = schema.as_object_mut().expect("it is an object");
    let default = match key.fallback {
        Fallback::Required => String::new(),
        Fallback::Means("", _) => String::new(),
        Fallback::Means(words, whose) => format!(" Default: {words} ({whose})."),
        Fallback::Value(value, whose) => {
            map.insert("default".into(), value.into());
            format!(" Default: {value} ({whose}).")
        }
    };
    let known = if key.live() { "" } else { "Known, not supported yet. " };
    map.insert("description".into(), format!("{known}{}{default}", key.effect).into());
    schema
}

fn of(shape: &'static Shape) -> Value {
    let quantity = |pattern: &str, example: &str| json!({"type": "string", "pattern": pattern, "examples": [example]});
    match shape {
        Shape::Text | Shape::File | Shape::Reference(_) => json!({"type": ["string", "number", "boolean"]}),
        Shape::Name => json!({"type": ["string", "number"], "pattern": "^[a-z0-9-]{1,64}$"}),
        Shape::Flag => json!({"type": "boolean"}),
        Shape::Duration => quantity("^([0-9]+(\\.[0-9]+)? ?(ns|us|µs|μs|ms|s|m|min|h|d) ?)+$", "5ms"),
        Shape::Bytes => quantity("^[0-9]+(\\.[0-9]+)? ?(B|kB|KB|MB|GB|KiB|MiB|GiB)$", "20KiB"),
        Shape::Bandwidth => quantity("^[0-9]+(\\.[0-9]+)? ?(bps|[kKMGT]bps)$", "200Mbps"),
        Shape::Rate => quantity("^[0-9]+(\\.[0-9]+)? ?rps$", "400rps"),
        Shape::Share => quantity("^[0-9]+(\\.[0-9]+)? ?%$", "0.05%"),
        Shape::Price => quantity("^[0-9]+(\\.[0-9]+)? ?[A-Z]{3} ?/ ?.+$", "0.02 USD/GB"),
        Shape::Written { pattern, example, .. } => quantity(pattern, example),
        Shape::TimeOfDay => quantity("^[0-2][0-9]:[0-5][0-9]$", "20:00"),
        Shape::Moment => quantity("^[0-9]{4}-[0-9]{2}-[0-9]{2}T.+$", "2026-06-01T19:30+08:00"),
        Shape::Cidr => quantity("^[0-9.]+/[0-9]+$", "10.10.0.0/16"),
        Shape::Count(low, high) => json!({"type": "integer", "minimum": low, "maximum": high}),
        Shape::Number(low, high) => json!({"type": "number", "minimum": low, "maximum": high}),
        Shape::Word(words, _) => of_words(words),
        Shape::Block(block) => json!({"$ref": format!("#/$defs/{}", name(block))}),
        Shape::Names(shape) => json!({"type": ["object", "null"], "additionalProperties": of(shape)}),
        Shape::List(shape) => json!({"type": "array", "items": of(shape)}),
        Shape::Either(forms) => json!({"anyOf": forms.iter().map(of).collect::<Vec<_>>()}),
        // Refused by the tool, with a message; an editor flags it as well.
        Shape::Later => json!({"not": {}}),
    }
}

/// Words, as YAML tools read them: `true` and `1.3` without quotes are no texts to them.
fn of_words(words: &'static [&'static str]) -> Value {
    let mut values: Vec<Value> = words.iter().map(|word| Value::from(*word)).collect();
    for word in words {
        if let Ok(value) = serde_json::from_str::<Value>(word)
            && (value.is_boolean() || value.is_number())
        {
            values.push(value);
        }
    }
    json!({"enum": values})
}
