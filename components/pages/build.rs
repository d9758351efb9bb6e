//! Compresses what the component serves: the files in `static/`, and `docs/openapi.yaml` as JSON. The benchmark serves
//! the same, and runs this.

use std::error::Error;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

use flate2::Compression;
use flate2::write::GzEncoder;

fn main() -> Result<(), Box<dyn Error>> {
    let mut folders = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    let workspace = folders
        .find(|folder| folder.join("docs/openapi.yaml").exists())
        .ok_or("there is no docs/openapi.yaml")?;
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("Cargo gave no folder")?);

    let document = workspace.join("docs/openapi.yaml");
    println!("cargo::rerun-if-changed={}", document.display());
    let document: serde_json::Value = serde_saphyr::from_str(&fs::read_to_string(document)?)?;
    compress(&document.to_string(), &out.join("openapi.json"))?;

    let files = workspace.join("components/pages/static");
    println!("cargo::rerun-if-changed={}", files.display());
    let compressed = out.join("static");
    // Cargo keeps the folder. A file that is deleted must be missing here, too.
    if compressed.exists() {
        fs::remove_dir_all(&compressed)?;
    }
    compress_all(&files, &compressed)?;
    Ok(())
}

/// Compresses all files in `from`, and in its folders, into `to`.
fn compress_all(from: &Path, to: &Path) -> Result<(), String> {
    let told = |error: io::Error| format!("{}: {error}", from.display());
    fs::create_dir_all(to).map_err(told)?;
    for entry in fs::read_dir(from).map_err(told)? {
        let entry = entry.map_err(told)?;
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        if from.is_dir() {
            compress_all(&from, &to)?;
        } else {
            let text = fs::read_to_string(&from);
            text.and_then(|text| compress(&text, &to))
                .map_err(|error| format!("{}: {error}", from.display()))?;
        }
    }
    Ok(())
}

/// Writes `text` to `path` with `.gz` after it. The same text gives the same bytes.
fn compress(text: &str, path: &Path) -> io::Result<()> {
    let mut path = path.as_os_str().to_owned();
    path.push(".gz");
    let mut gzip = GzEncoder::new(fs::File::create(path)?, Compression::best());
    gzip.write_all(text.as_bytes())?;
    gzip.finish()?;
    Ok(())
}
