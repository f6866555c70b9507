//! What this binary was built from. It is in the binary itself, so it says what is running, not what lies on the disk.

use serde::Serialize;

#[derive(Serialize)]
pub struct Version {
    pub name: &'static str,
    pub version: &'static str,
    pub sha: &'static str,
}

/// rust-deploy gives both variables to the build; cargo compiles this file again when one of them changes.
pub const VERSION: Version = Version {
    name: env!("CARGO_PKG_NAME"),
    version: given(
        option_env!("RUST_DEPLOY_VERSION"),
        env!("CARGO_PKG_VERSION"),
    ),
    sha: given(option_env!("RUST_DEPLOY_SHA"), "unknown"),
};

const fn given(value: Option<&'static str>, otherwise: &'static str) -> &'static str {
    match value {
        Some(value) if !value.is_empty() => value,
        _ => otherwise,
    }
}
