//! What goes with a figure: a caption, methods, text for those who do not see it, references, and
//! what whoever takes it asks for.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::figure::{
    Content, Export, FigureError, FileKind, Lettering, Page, export, layout, missing_letters,
};
use crate::sim::Simulation;

use super::composition::{Composition, plotted};
use super::document::Document;
use super::driver::Driver;
use super::file::{FieldFormat, Output, StrengthDays};
use super::template::{PanelPlan, Template};

/// The document with the figure's template, as it is kept in the figure.
pub(super) fn figure_state(
    document: &Document,
    output: &Output,
    template: &Template,
    adapter: &str,
) -> String {
    let mut table = document.to_table(output);
    table.insert("version".to_owned(), env!("CARGO_PKG_VERSION").into());
    table.insert("adapter".to_owned(), adapter.into());
    table.insert("figure".to_owned(), template.to_table().into());
    table.to_string()
}

/// One thing that is asked of a figure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// What.
    pub what: String,
    /// What it is.
    pub found: String,
    /// Whether that will do.
    pub passes: bool,
}

/// What a preset's rules ask, and whether a figure of that kind keeps to it.
fn checklist(page: &Page, kind: FileKind, transparent: bool, missing: &[char]) -> Vec<Check> {
    let format = &page.format;
    let height = layout(format, &page.shapes()).height_mm;
    let mut checks = Vec::new();
    let mut add = |what: String, found: String, passes: bool| {
        checks.push(Check {
            what,
            found,
            passes,
        });
    };
    let told: String = missing.iter().collect();
    add(
        "every letter is in the font".to_owned(),
        if missing.is_empty() {
            "yes".to_owned()
        } else {
            format!("not {told}")
        },
        missing.is_empty(),
    );
    let Some(rules) = format.rules else {
        return checks;
    };
    let [least, most] = rules.text_pt;
    add(
        format!("text of {least} to {most} points"),
        format!(
            "{} and, of panel letters, {:.1} points",
            format.text_pt,
            1.14 * format.text_pt
        ),
        format.text_pt >= least && 1.14 * format.text_pt <= most.max(8.0),
    );
    add(
        format!("at most {} mm high", rules.most_height_mm),
        format!("{height:.1} mm"),
        height <= rules.most_height_mm + 0.05,
    );
    add(
        format!("pictures of at least {} dpi", rules.least_dpi),
        format!("{} dpi", format.dpi),
        format.dpi >= rules.least_dpi,
    );
    let ending: &str = kind.into();
    add(
        format!("a file of {}", rules.endings.join(", ")),
        ending.to_owned(),
        rules.endings.contains(&ending),
    );
    add(
        "no alpha".to_owned(),
        if transparent { "alpha" } else { "none" }.to_owned(),
        !transparent,
    );
    checks
}

/// What is said of a study's figure.
#[derive(Debug, Clone, PartialEq)]
struct Caption {
    /// Caption, methods, text instead of the figure and checklist, as Markdown.
    markdown: String,
    /// References, as BibTeX.
    references: String,
}

/// First author and year as a key of BibTeX.
fn key(study: &str) -> String {
    study.chars().filter(char::is_ascii_alphanumeric).collect()
}

/// What is in the panels, a sentence each.
fn sentences(page: &Page) -> Vec<String> {
    let panels = page.rows.iter().flatten().enumerate();
    let sentence = |(k, panel): (usize, &crate::figure::PagePanel)| {
        let letter = char::from(b'a' + k as u8);
        let what = match &panel.content {
            Content::Picture(picture) => picture.bar.as_ref().map_or_else(String::new, |bar| {
                format!(
                    "; colours: {}, {} to {}",
                    bar.label, bar.range.0, bar.range.1
                )
            }),
            Content::Chart(chart) => {
                let ends = chart.curves.iter().filter_map(|c| {
                    let (day, value) = c.points.last()?;
                    Some(format!("{} {value:+.1} % on day {day:.0}", c.label))
                });
                let ends: Vec<String> = ends.collect();
                let marks = if chart.published.is_empty() {
                    ""
                } else {
                    "; marks with bars: published figures and their intervals (disc: the model was fitted to it, ring: it was not, square: stated by a review)"
                };
                format!(", % since day 0: {}{marks}", ends.join(", "))
            }
            Content::Bars(bars) => {
                let each = bars.bars.iter().map(|(name, values)| {
                    let values = values.iter().flatten().map(|v| format!("{v:+.1} %"));
                    format!("{name} {}", values.collect::<Vec<_>>().join(" and "))
                });
                format!(": {}", each.collect::<Vec<_>>().join(", "))
            }
            Content::Strip(strip) => {
                let each = strip
                    .0
                    .iter()
                    .map(|(name, value)| format!("{name} {value}"));
                format!(": {}", each.collect::<Vec<_>>().join(", "))
            }
        };
        format!("**{letter}**, {}{what}.", panel.title).replace('-', "−")
    };
    panels.map(sentence).collect()
}

/// Caption, methods and references of a figure of a study.
fn caption(
    document: &Document,
    driver: &Driver,
    composition: &Composition,
    page: &Page,
    checks: &[Check],
    lettering: Lettering,
) -> Caption {
    let setup = document.setup();
    let simulation: &Simulation = driver.run().simulation();
    let anatomy = simulation.anatomy();
    let sentences = sentences(page);
    // The first line is that of every such file: `io::write_beside` knows it by that.
    let mut out = format!(
        "<!-- What goes with a figure by Mechanostat. -->\n# {}\n\n## Caption\n\n",
        setup.scenario.name
    );
    writeln!(
        out,
        "{} {}\n",
        sentences.join(" "),
        if driver.has_twin() {
            "Two runs of one body, which part where their missions do."
        } else {
            "A simulation, not a measurement."
        }
    )
    .ok();
    let phases: Vec<String> = document
        .phases()
        .iter()
        .map(|p| {
            let c = &p.conditions;
            format!(
                "{} ({} days at {} g, {}, exercise {}, drug {})",
                p.name,
                p.days,
                c.gravity,
                c.posture.name(),
                c.exercise.name(),
                c.drug.name()
            )
        })
        .collect();
    let set = if setup.set.is_empty() {
        "all parameters as they come with the program".to_owned()
    } else {
        format!("parameters other than usual: {}", setup.set.join(", "))
    };
    let tissue = composition.template().panels.iter();
    let maps = tissue
        .filter(|(_, p)| matches!(p, PanelPlan::Tissue { .. }))
        .count();
    writeln!(
        out,
        "## Methods\n\nSimulated with Mechanostat {} (voxel finite elements, bone and muscle kinetics; docs/model.md of the program has equations, parameters with sources, and which of them were fitted). Scenario: {}. Mission: {}. Scene {}, {} voxels along the longest side ({:.2} mm), group {}, body mass {} kg, steps of {} days; {set}. Done by hand: {}. Numbers that parameters were fitted to and numbers that were predicted are told apart in assets/evidence/claims.csv and by `mechanostat validate`. Adapter: {}.{} Text: Liberation Sans, {}. Pictures: parallel projection, {} samples, {} dpi{}.\n",
        env!("CARGO_PKG_VERSION"),
        setup.scenario.name,
        phases.join("; "),
        anatomy.scene,
        setup.size,
        anatomy.spacing,
        setup.group,
        setup.scenario.body_mass_kg,
        setup.step_days,
        match document.actions().iter().filter(|a| a.what.changes_runs()).count() {
            0 => "nothing".to_owned(),
            n => format!("{n} changes, all in the document inside the figure"),
        },
        simulation.gpu().adapter_name(),
        match &setup.scenario.source {
            Some(source) => format!(" The scenario follows {source}."),
            None => String::new(),
        },
        <&str>::from(lettering),
        composition.template().samples,
        page.format.dpi,
        if maps > 0 {
            "; colour maps vik (change) and batlow by Crameri, which colour-blind readers tell apart"
        } else {
            ""
        },
    )
    .ok();
    let alt: Vec<String> = sentences.iter().map(|s| s.replace("**", "")).collect();
    writeln!(out, "## Alternative text\n\n{}\n", alt.join(" ")).ok();
    writeln!(out, "## Checklist ({})\n", page.format.name).ok();
    if let Some(rules) = page.format.rules {
        writeln!(out, "By {}.\n", rules.source).ok();
    }
    for check in checks {
        let mark = if check.passes { "pass" } else { "FAIL" };
        writeln!(out, "- {mark}: {} ({})", check.what, check.found).ok();
    }
    // Only what is drawn is cited.
    let mut cited: BTreeMap<String, (String, String)> = BTreeMap::new();
    let drawn = page.rows.iter().flatten().any(|p| match &p.content {
        Content::Chart(chart) => !chart.published.is_empty(),
        _ => false,
    });
    for point in composition.published().iter().filter(|_| drawn) {
        for study in point.study.split("; ") {
            cited
                .entry(key(study))
                .or_insert_with(|| (study.to_owned(), point.source.clone()));
        }
    }
    let mut references = format!(
        "@software{{Mechanostat,\n  title = {{Mechanostat: bone and muscle answering gravity}},\n  version = {{{}}}\n}}\n",
        env!("CARGO_PKG_VERSION")
    );
    for (key, (study, source)) in cited {
        let (author, year) = study.rsplit_once(' ').unwrap_or((study.as_str(), ""));
        writeln!(
            references,
            "@misc{{{key},\n  author = {{{author}}},\n  year = {{{year}}},\n  note = {{{source}}}\n}}"
        )
        .ok();
    }
    Caption {
        markdown: out,
        references,
    }
}

/// A figure's file, and those that go beside it.
#[derive(Debug, Clone, PartialEq)]
pub struct FigureFiles {
    /// The figure.
    pub figure: Vec<u8>,
    /// Others: what stands after the figure's name without its ending, and the text.
    pub beside: Vec<(String, String)>,
    /// What its preset asks for.
    pub checks: Vec<Check>,
    /// Letters that the font lacks.
    pub missing: Vec<char>,
    /// Its height, mm.
    pub height_mm: f64,
}

/// Everything that a figure of a study, run up to `last` days, leaves.
/// # Errors
/// [`FigureError`].
pub fn figure_files(
    driver: &Driver,
    composition: &Composition,
    page: &Page,
    kind: FileKind,
    last: f64,
) -> Result<FigureFiles, FigureError> {
    let document = driver.document();
    let template = composition.template();
    let output = Output {
        days: last,
        every: 1.0,
        fields: FieldFormat::None,
        strength: StrengthDays::None,
    };
    let adapter = driver.run().simulation().gpu().adapter_name();
    let state = figure_state(document, &output, template, &adapter);
    let height_mm = layout(&page.format, &page.shapes()).height_mm;
    let svg = page.svg(&state, template.transparent)?;
    let of = Export {
        kind,
        dpi: page.format.dpi,
        lettering: template.lettering,
        transparent: template.transparent,
        state: &state,
        title: &document.setup().scenario.name,
    };
    let figure = export(&svg, [page.format.width_mm, height_mm], &of)?;
    let missing = missing_letters(&page.letters());
    let checks = checklist(page, kind, template.transparent, &missing);
    let lettering = template.lettering;
    let said = caption(document, driver, composition, page, &checks, lettering);
    let mut beside = vec![
        (".md".to_owned(), said.markdown),
        (".bib".to_owned(), said.references),
    ];
    let data = plotted(page).into_iter();
    beside.extend(data.map(|(letter, text)| (format!("-{letter}.csv"), text)));
    Ok(FigureFiles {
        figure,
        beside,
        checks,
        missing,
        height_mm,
    })
}
