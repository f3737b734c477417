//! Published figures beside the model's courses, a kind of evidence on a page.

use std::collections::BTreeMap;

use crate::evidence::{Kind, condition};
use crate::figure::{Chart, Curve, EvidencePage, Published, plain};
use crate::measure::Quantity;

use super::beside::published;
use super::claims::{ClaimedCourses, Judged};
use super::report::spans;

/// Of what a chart is: condition, group, scene, quantity.
type ChartOf<'a> = [&'a str; 4];

/// Most curves in a chart.
const CURVES: usize = 5;

/// Every claim about a plain change that counts, beside the course that it is held against. One
/// since a later day stands on the course's value of that day.
pub fn evidence_pages(
    judged: &[Judged<'_>],
    courses: &ClaimedCourses,
    note: &str,
) -> Vec<EvidencePage> {
    let mut pages = Vec::new();
    for kind in Kind::ALL {
        let mut charts: BTreeMap<ChartOf<'_>, Vec<(&str, Published)>> = BTreeMap::new();
        let of_kind = judged.iter().filter(|j| j.claim.row.kind == *kind);
        for j in of_kind.filter(|j| j.claim.counts()) {
            if let Some((place, from, published)) = published(j.claim) {
                let [under, group, scene, region, quantity] = place;
                let of = [under, group, scene, quantity];
                let course = courses.change([scene, group, under, region, quantity]);
                let known = course.unwrap_or_default();
                let before = known.get(from as usize).map_or(0.0, |(_, change)| *change);
                let onto = |value: f64| before + (1.0 + before / 100.0) * value;
                let published = Published {
                    value: published.value.map(onto),
                    range: published.range.map(|end| end.map(onto)),
                    ..published
                };
                charts.entry(of).or_default().push((region, published));
            }
        }
        let charts: Vec<(String, Chart)> = charts
            .into_iter()
            .flat_map(|(of, points)| charts_of(of, &points, courses))
            .collect();
        let count = charts.len().div_ceil(EvidencePage::MOST);
        for (i, on_page) in charts.chunks(EvidencePage::MOST).enumerate() {
            let title = plain(&kind.name().replace('-', "_"));
            pages.push(EvidencePage {
                title: if count > 1 {
                    format!("{title}, page {} of {count}", i + 1)
                } else {
                    title
                },
                charts: on_page.to_vec(),
                note: note.to_owned(),
            });
        }
    }
    pages
}

/// The charts of one quantity under one condition: as many as its regions need.
fn charts_of(
    of: ChartOf<'_>,
    points: &[(&str, Published)],
    courses: &ClaimedCourses,
) -> Vec<(String, Chart)> {
    let [under, group, scene, quantity] = of;
    let mut regions: Vec<&str> = Vec::new();
    for (region, _) in points {
        if !regions.contains(region) {
            regions.push(region);
        }
    }
    let named = Quantity::ALL.iter().find(|q| q.key() == quantity);
    let title = named.map_or(quantity, |q| q.title());
    let scenario = condition(under).and_then(Result::ok);
    let chart = |shown: &[&str]| {
        let here = |region: &str| shown.iter().position(|r| *r == region);
        let published: Vec<Published> = points
            .iter()
            .filter_map(|(region, p)| here(region).map(|curve| Published { curve, ..*p }))
            .collect();
        let last = published.iter().map(|p| p.day).fold(0.0, f64::max);
        let days = 1.05 * last;
        let curves = shown.iter().map(|region| {
            let course = courses.change([scene, group, under, region, quantity]);
            let points = course.unwrap_or_default().into_iter();
            Curve {
                label: plain(region),
                points: points.filter(|(day, _)| *day <= days).collect(),
            }
        });
        let who = if group == "control" {
            String::new()
        } else {
            format!(", {group}")
        };
        let chart = Chart {
            label: "change (%)".to_owned(),
            curves: curves.collect(),
            published,
            phases: scenario.as_ref().map_or(Vec::new(), |s| spans(s, last)),
            days,
        };
        let under = plain(&under.replace('-', "_"));
        (format!("{under}{who}: {title}"), chart)
    };
    regions.chunks(CURVES).map(chart).collect()
}
