//! What a figure is to show, as a value: a template that people can write.

use serde::Deserialize;
use strum::VariantNames as _;
use toml::{Spanned, Table, Value};

use crate::figure::{Format, Ground, Lettering, PRESETS};
use crate::located::{Located, Source};
use crate::measure::Quantity;
use crate::view::Look;

use super::action::Which;

/// Which day a panel is of.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum When {
    /// Day 0.
    Start,
    /// That of the largest loss of the scene's bone.
    Worst,
    /// The last one.
    Last,
    /// This one.
    Day(f64),
}

/// How a panel's picture is cut: axis (0 sagittal, 1 coronal, 2 axial) and where, 0 to 1.
pub type CutAt = (usize, f64);

/// What a panel shows.
#[derive(Debug, Clone, PartialEq)]
pub enum PanelPlan {
    /// Tissue in 3-D, or a slice of it.
    Tissue {
        /// Which look.
        look: Look,
        /// Which day.
        day: When,
        /// Of which run.
        run: Which,
        /// Degrees around and above, where not as usual.
        camera: Option<[f64; 2]>,
        /// Where it is cut, where not as usual.
        cut: Option<CutAt>,
        /// The cut alone, from straight before it.
        slice: bool,
    },
    /// What the twin has beyond the first run.
    Difference {
        /// Which look's field.
        look: Look,
        /// Which day.
        day: When,
    },
    /// Areal density.
    Radiograph {
        /// Which day.
        day: When,
        /// Of which run.
        run: Which,
    },
    /// Changes over the days.
    Curves {
        /// Of what; none: bone density of bone, volume of muscle, by the regions.
        quantity: Quantity,
        /// In which regions; none: the scene's own.
        regions: Vec<String>,
        /// Whether what was published stands beside.
        evidence: bool,
    },
    /// Changes by region on a day.
    Regions {
        /// Of what.
        quantity: Quantity,
        /// Which day.
        day: When,
    },
    /// From gravity to density, on a day.
    Cause {
        /// Which day.
        day: When,
        /// Of which run.
        run: Which,
    },
}

/// What a figure is to be like.
#[derive(Debug, Clone, PartialEq)]
pub struct Template {
    /// Size and type.
    pub format: Format,
    /// What it stands on.
    pub ground: Ground,
    /// What becomes of text.
    pub lettering: Lettering,
    /// Whether nothing is behind a PNG.
    pub transparent: bool,
    /// Samples of a picture.
    pub samples: u32,
    /// Panels by name, row by row; none: the usual ones.
    pub rows: Vec<Vec<String>>,
    /// What each is.
    pub panels: Vec<(String, PanelPlan)>,
}

/// Samples of a picture that may be asked for.
pub const SAMPLES: std::ops::RangeInclusive<u32> = 1..=1024;
/// And are taken where nothing is asked.
const USUAL_SAMPLES: u32 = 64;
/// Panels of a figure, at most: they are named by letters.
const MOST_PANELS: usize = 26;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    preset: Option<Spanned<String>>,
    width_mm: Option<Spanned<f64>>,
    height_mm: Option<Spanned<f64>>,
    dpi: Option<Spanned<f64>>,
    text_pt: Option<Spanned<f64>>,
    ground: Option<Spanned<String>>,
    lettering: Option<Spanned<String>>,
    #[serde(default)]
    transparent: bool,
    samples: Option<Spanned<u32>>,
    rows: Option<Spanned<Vec<Vec<String>>>>,
    panel: Option<Spanned<Table>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FilePanel {
    show: String,
    look: Option<String>,
    day: Option<Value>,
    run: Option<String>,
    azimuth: Option<f64>,
    elevation: Option<f64>,
    cut: Option<String>,
    cut_at: Option<f64>,
    quantity: Option<String>,
    regions: Option<Vec<String>>,
    evidence: Option<bool>,
}

/// Kinds of panels.
const KINDS: [&str; 7] = [
    "volume",
    "slice",
    "difference",
    "radiograph",
    "curves",
    "regions",
    "cause",
];
/// Ways to cut, in the order of the lattice's axes.
const CUTS: [&str; 3] = ["sagittal", "coronal", "axial"];

impl Default for Template {
    fn default() -> Self {
        Self {
            format: Format::preset("nature-double").unwrap_or_else(|| Format::free(183.0, None)),
            ground: Ground::White,
            lettering: Lettering::Embedded,
            transparent: false,
            samples: USUAL_SAMPLES,
            rows: Vec::new(),
            panels: Vec::new(),
        }
    }
}

impl Template {
    /// The usual panels: before, at the worst and after; bone, and muscle or, where a scene has
    /// none, cells. With a twin, the two beside each other and their difference.
    #[must_use]
    pub fn with_usual_panels(self, has_twin: bool, has_muscle: bool) -> Self {
        let tissue = |look, day, run| PanelPlan::Tissue {
            look,
            day,
            run,
            camera: None,
            cut: None,
            slice: false,
        };
        let curves = |quantity| PanelPlan::Curves {
            quantity,
            regions: Vec::new(),
            evidence: true,
        };
        let (first, second, third) = if has_twin {
            (
                ("first", tissue(Look::Change, When::Last, Which::First)),
                ("twin", tissue(Look::Change, When::Last, Which::Twin)),
                (
                    "difference",
                    PanelPlan::Difference {
                        look: Look::Change,
                        day: When::Last,
                    },
                ),
            )
        } else {
            (
                ("before", tissue(Look::Density, When::Start, Which::First)),
                ("worst", tissue(Look::Change, When::Worst, Which::First)),
                ("after", tissue(Look::Change, When::Last, Which::First)),
            )
        };
        let panels = [
            first,
            second,
            third,
            ("bone", curves(Quantity::Bmd)),
            if has_muscle {
                ("muscle", curves(Quantity::Volume))
            } else {
                ("cells", curves(Quantity::Osteoclasts))
            },
        ];
        let names: Vec<String> = panels.iter().map(|(name, _)| (*name).to_owned()).collect();
        let row = |of: &[usize]| {
            of.iter()
                .map(|k| names[*k].clone())
                .collect::<Vec<String>>()
        };
        // Where a column is narrow pictures stand in twos and charts alone.
        let rows = if self.format.width_mm / self.format.em() < 55.0 {
            vec![row(&[0, 2]), row(&[3]), row(&[4])]
        } else {
            vec![row(&[0, 1, 2]), row(&[3, 4])]
        };
        let used = |name: &str| rows.iter().flatten().any(|n| n == name);
        let panels = panels.into_iter().filter(|(name, _)| used(name));
        let mut panels: Vec<(String, PanelPlan)> = panels.map(|(n, p)| (n.to_owned(), p)).collect();
        // As a file's tables are.
        panels.sort_by(|a, b| a.0.cmp(&b.0));
        Self {
            rows,
            panels,
            ..self
        }
    }

    /// The same without panels of its own, where those are the usual ones: in another format they
    /// stand otherwise.
    #[must_use]
    pub fn without_usual_panels(self) -> Self {
        let of = [(false, false), (false, true), (true, false), (true, true)];
        let usual = of.map(|(twin, muscle)| self.clone().with_usual_panels(twin, muscle));
        if usual.contains(&self) {
            Self {
                rows: Vec::new(),
                panels: Vec::new(),
                ..self
            }
        } else {
            self
        }
    }

    /// Reads a template; `file` is its name for errors. One without panels stands for the usual
    /// ones.
    /// # Errors
    /// File, line, key, what was found and what is allowed.
    pub fn parse(file: &str, text: &str) -> Result<Self, Located> {
        let source = Source { file, text };
        let read: File = toml::from_str(text).map_err(|e| source.toml_error(&e))?;
        let mut template = Self::default();
        if let Some(preset) = &read.preset {
            let name = preset.get_ref();
            template.format = match (name.as_str(), Format::preset(name)) {
                (_, Some(format)) => format,
                ("free", None) => Format::free(183.0, None),
                _ => {
                    let allowed = format!("{}, free", PRESETS.join(", "));
                    return Err(source.error(preset.span().start, "preset", name, allowed));
                }
            };
        }
        let format = &mut template.format;
        if let Some(width) = &read.width_mm {
            format.width_mm = *width.get_ref();
        }
        if let Some(height) = &read.height_mm {
            format.height_mm = Some(*height.get_ref());
        }
        if let Some(dpi) = &read.dpi {
            format.dpi = *dpi.get_ref();
        }
        if let Some(text_pt) = &read.text_pt {
            format.text_pt = *text_pt.get_ref();
        }
        if let Some(trouble) = format.trouble() {
            let places = [&read.width_mm, &read.height_mm, &read.dpi, &read.text_pt];
            let at = places.into_iter().flatten().map(|s| s.span().start).next();
            return Err(source.error(at.unwrap_or(0), "size", trouble, "a smaller one"));
        }
        if let Some(ground) = &read.ground {
            template.ground = match ground.get_ref().as_str() {
                "white" => Ground::White,
                "dark" => Ground::Dark,
                other => {
                    return Err(source.error(ground.span().start, "ground", other, "white, dark"));
                }
            };
        }
        if let Some(lettering) = &read.lettering {
            template.lettering = lettering.get_ref().parse().map_err(|_unknown| {
                let allowed = Lettering::VARIANTS.join(", ");
                source.error(
                    lettering.span().start,
                    "lettering",
                    lettering.get_ref(),
                    allowed,
                )
            })?;
        }
        template.transparent = read.transparent;
        if let Some(samples) = &read.samples {
            template.samples = *samples.get_ref();
            if !SAMPLES.contains(&template.samples) {
                let allowed = format!("{} to {}", SAMPLES.start(), SAMPLES.end());
                let found = template.samples.to_string();
                return Err(source.error(samples.span().start, "samples", found, allowed));
            }
        }
        let at = read.panel.as_ref().map_or(0, |p| p.span().start);
        for (name, value) in read.panel.iter().flat_map(toml::Spanned::get_ref) {
            let plan = panel(value).map_err(|(found, allowed)| {
                // Where its table stands.
                let head = text.find(&format!("[panel.{name}]")).unwrap_or(at);
                source.error(head, &format!("panel {name}"), found, allowed)
            })?;
            template.panels.push((name.clone(), plan));
        }
        match &read.rows {
            Some(rows) if rows.get_ref().is_empty() && template.panels.is_empty() => {
                return Ok(template);
            }
            None if template.panels.is_empty() => return Ok(template),
            None => {
                let each = template.panels.iter().map(|(name, _)| name.clone());
                template.rows = each
                    .collect::<Vec<_>>()
                    .chunks(3)
                    .map(<[_]>::to_vec)
                    .collect();
            }
            Some(rows) => {
                let at = rows.span().start;
                template.rows.clone_from(rows.get_ref());
                let known: Vec<&str> = template.panels.iter().map(|(n, _)| n.as_str()).collect();
                let mut asked = template.rows.iter().flatten();
                if let Some(unknown) = asked.find(|n| !known.contains(&n.as_str())) {
                    let allowed = format!("panels of this file: {}", known.join(", "));
                    return Err(source.error(at, "rows", unknown, allowed));
                }
            }
        }
        let count = template.rows.iter().flatten().count();
        if !(1..=MOST_PANELS).contains(&count) || template.rows.iter().any(Vec::is_empty) {
            let at = read.rows.map_or(at, |r| r.span().start);
            let allowed = format!("1 to {MOST_PANELS} panels, and none of the rows empty");
            return Err(source.error(at, "rows", format!("{count} panels"), allowed));
        }
        Ok(template)
    }

    /// The template as keys of a file; all of them.
    pub fn to_table(&self) -> Table {
        let mut table = Table::new();
        let mut set = |key: &str, value: Value| table.insert(key.to_owned(), value);
        set("preset", self.format.name.clone().into());
        set("width_mm", self.format.width_mm.into());
        if let Some(height) = self.format.height_mm {
            set("height_mm", height.into());
        }
        set("dpi", self.format.dpi.into());
        set("text_pt", self.format.text_pt.into());
        let ground = match self.ground {
            Ground::White => "white",
            Ground::Dark => "dark",
        };
        set("ground", ground.into());
        set("lettering", <&str>::from(self.lettering).into());
        set("transparent", self.transparent.into());
        set("samples", i64::from(self.samples).into());
        let row = |row: &Vec<String>| Value::Array(row.iter().map(|n| n.clone().into()).collect());
        set("rows", Value::Array(self.rows.iter().map(row).collect()));
        let panels = self.panels.iter();
        let panels = panels.map(|(name, plan)| (name.clone(), Value::Table(plan.to_table())));
        set("panel", Value::Table(panels.collect()));
        table
    }

    /// The panels of each row.
    pub fn plans(&self) -> Vec<Vec<&PanelPlan>> {
        let of = |name: &String| self.panels.iter().find(|(n, _)| n == name).map(|(_, p)| p);
        let rows = self.rows.iter();
        rows.map(|row| row.iter().filter_map(of).collect())
            .collect()
    }
}

/// One panel; else what was found and what is allowed.
fn panel(value: &Value) -> Result<PanelPlan, (String, String)> {
    let read: FilePanel = value.clone().try_into().map_err(|e: toml::de::Error| {
        let keys =
            "show, look, day, run, azimuth, elevation, cut, cut_at, quantity, regions, evidence";
        (e.message().replace('\n', " "), keys.to_owned())
    })?;
    let refuse = |found: String, allowed: String| Err((found, allowed));
    let look = match &read.look {
        None => Look::Change,
        Some(name) => {
            if let Some(look) = Look::ALL
                .iter()
                .find(|l| l.name().eq_ignore_ascii_case(name))
            {
                *look
            } else {
                let names: Vec<String> =
                    Look::ALL.iter().map(|l| l.name().to_lowercase()).collect();
                return refuse(format!("look = \"{name}\""), names.join(", "));
            }
        }
    };
    let number = |v: &Value| v.as_float().or_else(|| v.as_integer().map(|n| n as f64));
    let day = match &read.day {
        None => When::Last,
        Some(value) => match (value.as_str(), number(value)) {
            (Some("start"), _) => When::Start,
            (Some("worst"), _) => When::Worst,
            (Some("last"), _) => When::Last,
            (None, Some(day)) if day >= 0.0 && day.is_finite() => When::Day(day),
            _ => {
                let allowed = "a day of the mission, start, worst, last";
                return refuse(format!("day = {value}"), allowed.to_owned());
            }
        },
    };
    let run = match read.run.as_deref() {
        None | Some("first") => Which::First,
        Some("twin") => Which::Twin,
        Some(other) => return refuse(format!("run = \"{other}\""), "first, twin".to_owned()),
    };
    let cut = match &read.cut {
        None => None,
        Some(name) => match CUTS.iter().position(|c| c == name) {
            Some(axis) => Some((axis, read.cut_at.unwrap_or(0.5))),
            None => return refuse(format!("cut = \"{name}\""), CUTS.join(", ")),
        },
    };
    if cut.is_some_and(|(_, at)| !(0.0..=1.0).contains(&at)) {
        return refuse(format!("cut_at = {:?}", read.cut_at), "0 to 1".to_owned());
    }
    let camera = match (read.azimuth, read.elevation) {
        (None, None) => None,
        (azimuth, elevation) => {
            let angles = [azimuth.unwrap_or(0.0), elevation.unwrap_or(0.0)];
            if !(-360.0..=360.0).contains(&angles[0]) || !(-89.0..=89.0).contains(&angles[1]) {
                let allowed = "azimuth −360 to 360, elevation −89 to 89 degrees";
                return refuse(format!("{angles:?}"), allowed.to_owned());
            }
            Some(angles)
        }
    };
    let quantity = match &read.quantity {
        None => Quantity::Bmd,
        Some(key) => {
            if let Some(quantity) = Quantity::ALL.iter().find(|q| q.key() == key) {
                *quantity
            } else {
                let keys: Vec<&str> = Quantity::ALL.iter().map(|q| q.key()).collect();
                return refuse(format!("quantity = \"{key}\""), keys.join(", "));
            }
        }
    };
    Ok(match read.show.as_str() {
        kind @ ("volume" | "slice") => PanelPlan::Tissue {
            look,
            day,
            run,
            camera,
            cut: cut.or((kind == "slice").then_some((1, 0.5))),
            slice: kind == "slice",
        },
        "difference" => PanelPlan::Difference { look, day },
        "radiograph" => PanelPlan::Radiograph { day, run },
        "curves" => PanelPlan::Curves {
            quantity,
            regions: read.regions.unwrap_or_default(),
            evidence: read.evidence.unwrap_or(true),
        },
        "regions" => PanelPlan::Regions { quantity, day },
        "cause" => PanelPlan::Cause { day, run },
        other => return refuse(format!("show = \"{other}\""), KINDS.join(", ")),
    })
}

impl PanelPlan {
    fn to_table(&self) -> Table {
        let mut table = Table::new();
        let mut set = |key: &str, value: Value| {
            table.insert(key.to_owned(), value);
        };
        let when = |day: When| -> Value {
            match day {
                When::Start => "start".into(),
                When::Worst => "worst".into(),
                When::Last => "last".into(),
                When::Day(day) => day.into(),
            }
        };
        let which = |run: Which| -> Value {
            match run {
                Which::First => "first".into(),
                Which::Twin => "twin".into(),
            }
        };
        let named = |look: Look| -> Value { look.name().to_lowercase().into() };
        match self {
            Self::Tissue {
                look,
                day,
                run,
                camera,
                cut,
                slice,
            } => {
                set("show", if *slice { "slice" } else { "volume" }.into());
                set("look", named(*look));
                set("day", when(*day));
                set("run", which(*run));
                if let Some([azimuth, elevation]) = camera {
                    set("azimuth", (*azimuth).into());
                    set("elevation", (*elevation).into());
                }
                if let Some((axis, at)) = cut {
                    set("cut", CUTS[*axis].into());
                    set("cut_at", (*at).into());
                }
            }
            Self::Difference { look, day } => {
                set("show", "difference".into());
                set("look", named(*look));
                set("day", when(*day));
            }
            Self::Radiograph { day, run } => {
                set("show", "radiograph".into());
                set("day", when(*day));
                set("run", which(*run));
            }
            Self::Curves {
                quantity,
                regions,
                evidence,
            } => {
                set("show", "curves".into());
                set("quantity", quantity.key().into());
                let regions = regions.iter().map(|r| r.clone().into());
                set("regions", Value::Array(regions.collect()));
                set("evidence", (*evidence).into());
            }
            Self::Regions { quantity, day } => {
                set("show", "regions".into());
                set("quantity", quantity.key().into());
                set("day", when(*day));
            }
            Self::Cause { day, run } => {
                set("show", "cause".into());
                set("day", when(*day));
                set("run", which(*run));
            }
        }
        table
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_is_read_as_it_was_written() {
        let text = "preset = \"plos\"\ndpi = 600\nground = \"dark\"\nlettering = \"outlined\"\nsamples = 8\nrows = [[\"a\", \"b\"], [\"c\"], [\"d\", \"e\", \"f\", \"g\"]]\n[panel.a]\nshow = \"volume\"\nlook = \"density\"\nday = 12\nazimuth = 30.0\n[panel.b]\nshow = \"slice\"\ncut = \"axial\"\ncut_at = 0.25\nrun = \"twin\"\nday = \"worst\"\n[panel.c]\nshow = \"difference\"\n[panel.d]\nshow = \"radiograph\"\n[panel.e]\nshow = \"curves\"\nquantity = \"volume\"\nregions = [\"quadriceps\"]\nevidence = false\n[panel.f]\nshow = \"regions\"\n[panel.g]\nshow = \"cause\"\nday = \"start\"\n";
        let read = Template::parse("a.toml", text).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(read.plans().iter().flatten().count(), 7);
        let again = Template::parse("b.toml", &read.to_table().to_string());
        assert_eq!(again.as_ref(), Ok(&read));
        // What somebody wrote stays, whatever the format.
        assert_eq!(read.clone().without_usual_panels(), read);
        for preset in PRESETS {
            let bare = Template::parse("c.toml", &format!("preset = \"{preset}\"\n"));
            let bare = bare.unwrap_or_else(|e| panic!("{e}"));
            assert!(bare.panels.is_empty());
            let again = Template::parse("d.toml", &bare.to_table().to_string());
            assert_eq!(again.as_ref(), Ok(&bare));
            for (twin, muscle) in [(false, false), (false, true), (true, false), (true, true)] {
                let usual = bare.clone().with_usual_panels(twin, muscle);
                let again = Template::parse("e.toml", &usual.to_table().to_string());
                assert_eq!(again.as_ref(), Ok(&usual));
                assert_eq!(usual.without_usual_panels(), bare);
            }
        }
    }

    #[test]
    fn what_is_wrong_in_a_template_is_told_with_its_line() {
        for (text, line, word) in [
            ("preset = \"science\"", 1, "nature-single"),
            ("\nwidth_mm = 10000.0", 2, "2000"),
            (
                "preset = \"free\"\nwidth_mm = 2000.0\nheight_mm = 2000.0\ndpi = 1200.0",
                2,
                "million",
            ),
            ("samples = 0", 1, "1024"),
            ("colour = 3", 1, "unknown"),
            ("ground = \"pink\"", 1, "dark"),
            ("rows = [[\"x\"]]", 1, "panels of this file"),
            (
                "rows = [[]]\n[panel.a]\nshow = \"volume\"",
                1,
                "none of the rows empty",
            ),
            ("[panel.a]\nshow = \"hologram\"", 1, "radiograph"),
            (
                "samples = 3\n[panel.a]\nshow = \"volume\"\nlook = \"x\"",
                2,
                "anatomy",
            ),
            ("[panel.a]\nshow = \"volume\"\nday = -3", 1, "worst"),
            (
                "[panel.a]\nshow = \"curves\"\nquantity = \"mass\"",
                1,
                "bmd",
            ),
            ("[panel.a]\nshow = \"volume\"\ncolor = 1", 1, "cut_at"),
            (
                "[panel.a]\nshow = \"slice\"\ncut = \"axial\"\ncut_at = 3.0",
                1,
                "0 to 1",
            ),
        ] {
            let Err(error) = Template::parse("t.toml", text) else {
                panic!("{text} is taken");
            };
            assert_eq!(error.line, line, "{text}: {error}");
            assert!(error.to_string().contains(word), "{text}: {error}");
        }
    }
}
