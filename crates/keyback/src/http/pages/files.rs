//! The files that pages load, which are text and part of the component.

use crate::http::answer::Answer;
use crate::http::pages::language::Language;
use crate::http::text::Text;

/// A static text file, embedded at build time.
#[derive(Debug, Clone, Copy)]
pub struct File {
    /// Its path under `/assets/:version/`.
    pub name: &'static str,
    /// Its content.
    pub text: Text,
}

/// All files, with the languages' words among them, under a version that changes with any of them.
#[derive(Debug)]
pub struct Files {
    all: &'static [File],
    languages: &'static [Language],
    version: Version,
}

#[derive(Debug, Clone, Copy)]
enum Version {
    /// The version of these files.
    Own(u64),
    /// The current files: for components without files, whose pages use those of `pages`.
    Latest,
}

/// The placeholder for an unknown version.
const LATEST: &str = "latest";

/// Whether `version` is the placeholder, whose files may change and must not be cached for long.
pub(super) fn is_latest(version: &str) -> bool {
    version == LATEST
}

/// A file that contains nothing personal and whose path changes with its content: cached for a year.
pub(super) fn kept(file: Answer) -> Answer {
    file.with_header("cache-control", "public, max-age=31536000, immutable")
        .with_header("cross-origin-resource-policy", "same-origin")
}

impl Files {
    /// The words of a component without files.
    #[must_use]
    pub const fn words_only(languages: &'static [Language]) -> Self {
        Self {
            all: &[],
            languages,
            version: Version::Latest,
        }
    }

    /// These files and languages. The first language is the default.
    #[must_use]
    pub const fn new(files: &'static [File], languages: &'static [Language]) -> Self {
        let mut version = FNV_OFFSET;
        let mut rest = files;
        while let [file, others @ ..] = rest {
            version = fnv1a(version, file.name.as_bytes());
            version = fnv1a(version, file.text.stored());
            rest = others;
        }
        let mut rest = languages;
        while let [language, others @ ..] = rest {
            version = fnv1a(version, language.words.stored());
            rest = others;
        }
        Self {
            all: files,
            languages,
            version: Version::Own(version),
        }
    }

    /// The names of all scripts.
    pub(super) fn scripts(&self) -> impl Iterator<Item = &'static str> + use<> {
        let names = self.all.iter().map(|file| file.name);
        names.filter(|name| {
            name.rsplit_once('.')
                .is_some_and(|(_, ending)| ending == "js")
        })
    }

    pub(in crate::http) fn languages(&self) -> &'static [Language] {
        self.languages
    }

    /// The URL of the file `name`.
    pub(in crate::http) fn url(&self, name: &str) -> String {
        format!("/assets/{}/{name}", self.version())
    }

    fn version(&self) -> String {
        match self.version {
            Version::Own(version) => format!("{version:016x}"),
            Version::Latest => LATEST.to_owned(),
        }
    }

    /// The media type and the text of a file, for exactly this version: an older page must not cache newer files under
    /// the older path.
    pub(super) fn find(&self, version: &str, name: &str) -> Option<(&'static str, Text)> {
        if version != LATEST && version != self.version() {
            return None;
        }
        let language = self
            .languages
            .iter()
            .find(|language| language.file_name() == name);
        let text = match language {
            Some(language) => language.words,
            None => self.all.iter().find(|file| file.name == name)?.text,
        };
        Some((media_type(name)?, text))
    }
}

fn media_type(name: &str) -> Option<&'static str> {
    match name.rsplit_once('.')?.1 {
        "css" => Some("text/css; charset=utf-8"),
        "js" => Some("text/javascript; charset=utf-8"),
        "json" => Some("application/json; charset=utf-8"),
        "svg" => Some("image/svg+xml; charset=utf-8"),
        _ => None,
    }
}

// FNV-1a: enough to distinguish versions; a forged collision would gain nothing.
pub(in crate::http) const FNV_OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
const FNV_PRIME: u64 = 0x0100_0000_01b3;

pub(in crate::http) const fn fnv1a(mut hash: u64, mut bytes: &[u8]) -> u64 {
    while let [byte, rest @ ..] = bytes {
        hash = (hash ^ *byte as u64).wrapping_mul(FNV_PRIME);
        bytes = rest;
    }
    hash
}
