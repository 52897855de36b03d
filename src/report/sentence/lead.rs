//! A verdict as it is read: what decides in large letters, the others after it, one below the other where they are many.

/// More sentences than these are not read as a paragraph.
const PARAGRAPH: usize = 4;

/// A verdict taken apart.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Lead {
    /// The first sentence.
    pub first: String,
    /// The others.
    pub rest: Vec<String>,
}

impl Lead {
    /// Of a whole verdict.
    pub fn of(verdict: &str) -> Self {
        let mut sentences = sentences(verdict);
        let rest = sentences.split_off(sentences.len().min(1));
        Lead { first: sentences.pop().unwrap_or_default(), rest }
    }

    /// Are the others a list?
    pub fn is_long(&self) -> bool {
        self.rest.len() >= PARAGRAPH
    }
}

/// At each full stop before a space that is in no parentheses.
fn sentences(text: &str) -> Vec<String> {
    let (mut all, mut begin, mut depth) = (Vec::new(), 0, 0_i32);
    for (at, letter) in text.char_indices() {
        match letter {
            '(' => depth += 1,
            ')' => depth -= 1,
            '.' if depth <= 0 && text[at..].starts_with(". ") => {
                all.push(text[begin..=at].to_owned());
                begin = at + 2;
            }
            _ => {}
        }
    }
    if begin < text.len() {
        all.push(text[begin..].to_owned());
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_ends_outside_of_parentheses() {
        let lead = Lead::of("a takes 49.4 ms (est. of one. Or two), b 5.1 ms. All 2 gates are met.");
        assert_eq!(lead.first, "a takes 49.4 ms (est. of one. Or two), b 5.1 ms.");
        assert_eq!(lead.rest, ["All 2 gates are met."]);
        assert!(!lead.is_long());
        assert_eq!(Lead::of(""), Lead { first: String::new(), rest: Vec::new() });
        assert!(Lead::of("a. b. c. d. e.").is_long() && !Lead::of("a. b. c. d.").is_long());
    }
}
