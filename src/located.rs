//! Where in a text file something is wrong, as one sentence a person can act on.

/// A value in a file that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}, line {line}: {key}: {found}; allowed: {allowed}")]
pub struct Located {
    /// The file's name as the user gave it.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// The key, with the table it stands in.
    pub key: String,
    /// What was found.
    pub found: String,
    /// What is allowed there.
    pub allowed: String,
}

/// A text with its name, for pointing into it.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// The file's name as the user gave it.
    pub file: &'a str,
    /// Its text.
    pub text: &'a str,
}

impl Source<'_> {
    /// Line (from 1) of a byte offset.
    pub fn line(&self, offset: usize) -> usize {
        let end = offset.min(self.text.len());
        1 + self
            .text
            .bytes()
            .take(end)
            .fold(0, |lines, b| lines + usize::from(b == b'\n'))
    }

    /// An error about `key` at a byte offset.
    pub fn error(
        &self,
        offset: usize,
        key: &str,
        found: impl Into<String>,
        allowed: impl Into<String>,
    ) -> Located {
        Located {
            file: self.file.to_owned(),
            line: self.line(offset),
            key: key.to_owned(),
            found: found.into(),
            allowed: allowed.into(),
        }
    }

    /// The same for what the TOML reader itself refused.
    pub fn toml_error(&self, error: &toml::de::Error) -> Located {
        let offset = error.span().map_or(0, |s| s.start);
        let message = error.message().replace('\n', " ");
        // serde words it "unknown field `x`, expected one of `a`, `b`".
        let (found, allowed) = match message.split_once(", expected") {
            Some((found, allowed)) => (
                found.to_owned(),
                in_words(allowed.trim_start_matches([' ', ':'])).to_owned(),
            ),
            None => (message, "TOML as in assets/".to_owned()),
        };
        let line_text = self.text[..offset.min(self.text.len())]
            .rfind('\n')
            .map_or(0, |i| i + 1);
        let key = self.text[line_text..].lines().next().unwrap_or_default();
        let key = key.split('=').next().unwrap_or_default().trim();
        Located {
            allowed,
            ..self.error(offset, if key.is_empty() { "file" } else { key }, found, "")
        }
    }
}

/// What a Rust type's name means to people.
fn in_words(kind: &str) -> &str {
    match kind {
        "usize" | "u8" | "u16" | "u32" | "u64" => "a whole number, not negative",
        "i64" | "i32" => "a whole number",
        "f64" | "f32" => "a number",
        "bool" => "true or false",
        kind => kind,
    }
}
