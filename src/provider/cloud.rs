//! Whose a region is, and with it whose rules, prices and words hold there.

use std::fmt;

use serde::Deserialize;

/// A provider with books.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Provider {
    /// Alibaba Cloud, international site. Also what is meant where a region names no provider.
    #[default]
    Alibaba,
    /// Amazon Web Services, without its separate partitions (China, GovCloud).
    Aws,
    /// Google Cloud.
    Gcp,
    /// Microsoft Azure, without its separate clouds (China, US Government).
    Azure,
}

impl Provider {
    /// All of them.
    pub const ALL: [Provider; 4] = [Provider::Alibaba, Provider::Aws, Provider::Gcp, Provider::Azure];

    /// The word before a region's name in scenarios and books: `aws` in `aws/us-east-1`.
    pub const fn word(self) -> &'static str {
        match self {
            Provider::Alibaba => "alibaba",
            Provider::Aws => "aws",
            Provider::Gcp => "gcp",
            Provider::Azure => "azure",
        }
    }

    /// The name that people use.
    pub const fn name(self) -> &'static str {
        match self {
            Provider::Alibaba => "Alibaba Cloud",
            Provider::Aws => "AWS",
            Provider::Gcp => "Google Cloud",
            Provider::Azure => "Azure",
        }
    }

    /// The provider of that word.
    pub fn named(word: &str) -> Option<Provider> {
        Provider::ALL.into_iter().find(|provider| provider.word() == word)
    }

    /// Provider and bare id of a region as scenarios write it: `aws/us-east-1`, or `cn-hangzhou`, which is Alibaba's.
    /// None: the word before the slash is no provider's.
    pub fn split(region: &str) -> Option<(Provider, &str)> {
        match region.split_once('/') {
            Some((word, id)) => Provider::named(word).map(|provider| (provider, id)),
            None => Some((Provider::Alibaba, region)),
        }
    }
}

impl fmt::Display for Provider {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.word())
    }
}
