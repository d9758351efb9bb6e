//! The operator's colours, as a style sheet that overrides `style.css`, and the operator's logo.

use crate::http::answer::Answer;
use crate::http::pages::files;
use crate::model::colour::Colour;
use crate::model::logo::Logo;
use crate::ports::Unavailable;
use crate::settings::{Accent, Pages};

/// How far the hover colour moves towards the text's colour, in percent.
const STRONGER: u8 = 25;

/// The path of the style sheet for `accent`; `None` for the default, which is part of `style.css`. The path contains
/// the colours, so it can be cached for a year.
pub(super) fn url(accent: Accent) -> Option<String> {
    (accent != Accent::default()).then(|| format!("/assets/brand/{}", name(accent)))
}

/// The path of `logo`. It changes with the image, so it can be cached for a year.
pub(super) fn logo_url(logo: &Logo) -> String {
    format!("/assets/brand/{}", logo_name(logo))
}

/// `GET /assets/brand/:name`: the style sheet and the logo from the settings, and no others.
#[must_use]
pub fn get(settings: &Result<Pages, Unavailable>, asked: &str) -> Answer {
    let settings = match settings {
        Ok(settings) => settings,
        Err(outage) => return crate::http::Problem::from(outage.clone()).into(),
    };
    let accent = settings.site.accent;
    let logo = settings.logo.0.as_ref();
    match logo.filter(|logo| logo_name(logo) == asked) {
        Some(logo) => files::kept(Answer::bytes(200, "image/png", logo.png().to_vec())),
        None if name(accent) == asked => {
            files::kept(Answer::text(200, "text/css; charset=utf-8", sheet(accent)))
        }
        None => Answer::not_found(),
    }
}

fn logo_name(logo: &Logo) -> String {
    format!(
        "logo-{:016x}.png",
        files::fnv1a(files::FNV_OFFSET, logo.png())
    )
}

fn name(Accent { light, dark }: Accent) -> String {
    let digits = |colour: Colour| colour.to_string().replace('#', "");
    format!("{}-{}.css", digits(light), digits(dark))
}

fn sheet(Accent { light, dark }: Accent) -> String {
    let rule = |accent: Colour, towards| {
        format!(
            ":root{{--accent:{accent};--accent-strong:{};--on-accent:{}}}",
            accent.towards(towards, STRONGER),
            accent.for_text()
        )
    };
    format!(
        "{}@media (prefers-color-scheme:dark){{{}}}",
        rule(light, Colour::BLACK),
        rule(dark, Colour::WHITE)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::Env as _;
    use crate::settings;
    use crate::testing::{MemoryEnv, block_on};

    fn accent(light: &str, dark: &str) -> Accent {
        Accent {
            light: Colour::parse(light).unwrap(),
            dark: Colour::parse(dark).unwrap(),
        }
    }

    #[test]
    fn the_standard_colours_need_no_sheet_of_their_own() {
        assert_eq!(url(Accent::default()), None);
    }

    #[test]
    fn the_path_names_the_colours_and_the_sheet_sets_them() {
        let accent = accent("#7a1f5c", "#F0A0d0");
        assert_eq!(url(accent).unwrap(), "/assets/brand/7a1f5c-f0a0d0.css");
        let sheet = sheet(accent);
        assert!(
            sheet.contains("--accent:#7a1f5c;--accent-strong:#5b1745;--on-accent:#ffffff"),
            "{sheet}"
        );
        assert!(
            sheet.contains("--accent:#f0a0d0;--accent-strong:#f3b7db;--on-accent:#000000"),
            "{sheet}"
        );
    }

    #[test]
    fn text_on_the_stronger_colour_can_be_read_as_well() {
        for (light, dark) in [
            ("#205080", "#80c0ff"),
            ("#5c5c00", "#808080"),
            ("#a00000", "#ffffff"),
        ] {
            let Accent { light, dark } = accent(light, dark);
            for (colour, towards) in [(light, Colour::BLACK), (dark, Colour::WHITE)] {
                let strong = colour.towards(towards, STRONGER);
                assert!(
                    colour.for_text().is_readable_on(strong),
                    "{colour} {strong}"
                );
            }
        }
    }

    #[test]
    fn the_logo_is_served_under_a_path_of_its_own_and_never_as_something_else() {
        // The beginning of a PNG file, of 2 by 3 pixels.
        let text = "iVBORw0KGgoAAAANSUhEUgAAAAIAAAADCAYAAAA=";
        let logo = Logo::parse(text).unwrap();
        let path = logo_url(&logo);
        let name = path.strip_prefix("/assets/brand/").unwrap();
        let env = MemoryEnv::default();
        let served = |name: &str| get(&block_on(settings::load::<Pages>(env.variables())), name);
        assert_eq!(served(name).status(), 404);
        env.variables.set("logo_image", text);
        assert_eq!(served(name).status(), 200);
        assert_eq!(served("logo-0000000000000000.png").status(), 404);
        env.variables.set("logo_image", "PHN2Zz4=");
        assert_eq!(served(name).status(), 404);
    }

    #[test]
    fn no_other_colours_than_the_operators_are_served() {
        let env = MemoryEnv::default();
        env.variables.set("accent_color", "#7a1f5c");
        let status = |name: &str| {
            let settings = block_on(settings::load::<Pages>(env.variables()));
            get(&settings, name).status()
        };
        assert_eq!(status("7a1f5c-83cfdd.css"), 200);
        for other in [
            "0d5c6b-83cfdd.css",
            "7a1f5c-83cfdd",
            "",
            "ff0000-ff0000.css",
        ] {
            assert_eq!(status(other), 404, "{other}");
        }
        // An illegible colour is not used: a legible one is served instead.
        env.variables.set("accent_color", "#ffff00");
        assert_eq!(status("ffff00-83cfdd.css"), 404);
    }
}
