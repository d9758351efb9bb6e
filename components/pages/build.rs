//! Converts `docs/openapi.yaml`, which the component serves, to JSON. The benchmark has the files too, and runs this.

use std::error::Error;
use std::path::Path;
use std::{env, fs};

fn main() -> Result<(), Box<dyn Error>> {
    let mut folders = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    let document = folders
        .find_map(|folder| Some(folder.join("docs/openapi.yaml")).filter(|it| it.exists()))
        .ok_or("there is no docs/openapi.yaml")?;
    println!("cargo::rerun-if-changed={}", document.display());
    let document: serde_json::Value = serde_saphyr::from_str(&fs::read_to_string(document)?)?;
    let folder = env::var_os("OUT_DIR").ok_or("Cargo gave no folder")?;
    fs::write(
        Path::new(&folder).join("openapi.json"),
        document.to_string(),
    )?;
    Ok(())
}
