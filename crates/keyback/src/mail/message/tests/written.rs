//! All emails as files, for viewing:
//! `KEYBACK_MAILS=folder cargo test --locked --profile host -p keyback --lib written`.

use std::fs;
use std::path::PathBuf;

use super::*;

#[test]
fn all_mails_are_written_where_a_variable_says() {
    let Some(folder) = std::env::var_os("KEYBACK_MAILS").map(PathBuf::from) else {
        return;
    };
    fs::create_dir_all(&folder).unwrap();
    for language in Language::ALL {
        for (name, message) in mails(&env(), language) {
            let path = |ending| folder.join(format!("{name}.{}.{ending}", language.tag()));
            fs::write(path("txt"), as_text(&message)).unwrap();
            fs::write(path("html"), format!("{}\n", message.html)).unwrap();
        }
    }
}
