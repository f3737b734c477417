//! Expressions over courses of the model, as the claims are written in.

use std::collections::BTreeSet;

/// What an expression needs of a run: of whom, where, under what, and which quantity on which days.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct RequiredRun {
    /// Scene.
    pub scene: String,
    /// Group of people.
    pub group: String,
    /// Condition.
    pub condition: String,
    /// Region.
    pub region: String,
    /// Quantity's key.
    pub quantity: String,
    /// Days that are looked at.
    pub days: BTreeSet<u32>,
}

/// What rounding may add to a share of a change.
const ROUNDING: f64 = 1e-9;

/// One quantity day by day, from day 0.
pub type Course = Vec<f64>;

#[derive(Debug, Clone, PartialEq)]
struct Series {
    group: String,
    condition: String,
    scene: String,
    region: String,
    quantity: String,
}

#[derive(Debug, Clone, PartialEq)]
enum Node {
    Number(f64),
    Negative(Box<Self>),
    Sum(Box<Self>, Box<Self>),
    Difference(Box<Self>, Box<Self>),
    Product(Box<Self>, Box<Self>),
    Quotient(Box<Self>, Box<Self>),
    /// The lowest of several.
    Least(Vec<Self>),
    /// The highest of several.
    Most(Vec<Self>),
    Of(Function, Series, Vec<u32>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Function {
    /// Change in % from day 0 to a day, or between two days (first, second).
    Change,
    /// Value on a day.
    Value,
    /// First day on which half the change of a day is reached.
    HalfLoss,
    /// Days after a day until half of the deepest change is back, within the days of the second
    /// argument.
    HalfBack,
    /// Lowest change in % between two days.
    Lowest,
    /// Highest change in % between two days.
    Highest,
}

impl Function {
    fn named(name: &str) -> Option<(Self, std::ops::RangeInclusive<usize>)> {
        Some(match name {
            "change" => (Self::Change, 1..=2),
            "value" => (Self::Value, 1..=1),
            "half_loss" => (Self::HalfLoss, 1..=1),
            "half_back" => (Self::HalfBack, 2..=2),
            "lowest" => (Self::Lowest, 2..=2),
            "highest" => (Self::Highest, 2..=2),
            _ => return None,
        })
    }

    /// Days that it looks at.
    fn looks_at(self, days: &[u32]) -> BTreeSet<u32> {
        let last = days.iter().copied().max().unwrap_or(0);
        match self {
            // Every course begins on day 0.
            Self::Change | Self::Value => days.iter().copied().chain([0]).collect(),
            Self::HalfLoss | Self::HalfBack | Self::Lowest | Self::Highest => (0..=last).collect(),
        }
    }
}

/// What of the model is held against a claim.
#[derive(Debug, Clone, PartialEq)]
pub struct Expression(Node);

struct Parser<'a> {
    rest: &'a str,
}

impl<'a> Parser<'a> {
    fn skip(&mut self) {
        self.rest = self.rest.trim_start();
    }

    fn take(&mut self, sign: char) -> bool {
        self.skip();
        match self.rest.strip_prefix(sign) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn expect(&mut self, sign: char) -> Result<(), String> {
        if self.take(sign) {
            Ok(())
        } else {
            Err(format!("'{}' where '{sign}' should be", self.ahead()))
        }
    }

    fn ahead(&self) -> String {
        if self.rest.is_empty() {
            "the end".to_owned()
        } else {
            self.rest.chars().take(12).collect()
        }
    }

    fn while_(&mut self, keep: impl Fn(char) -> bool) -> &'a str {
        self.skip();
        let end = self
            .rest
            .find(|c: char| !keep(c))
            .unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        word
    }

    fn sum(&mut self) -> Result<Node, String> {
        let mut left = self.product()?;
        loop {
            if self.take('+') {
                left = Node::Sum(Box::new(left), Box::new(self.product()?));
            } else if self.take('-') {
                left = Node::Difference(Box::new(left), Box::new(self.product()?));
            } else {
                return Ok(left);
            }
        }
    }

    fn product(&mut self) -> Result<Node, String> {
        let mut left = self.atom()?;
        loop {
            if self.take('*') {
                left = Node::Product(Box::new(left), Box::new(self.atom()?));
            } else if self.take('/') {
                left = Node::Quotient(Box::new(left), Box::new(self.atom()?));
            } else {
                return Ok(left);
            }
        }
    }

    fn atom(&mut self) -> Result<Node, String> {
        if self.take('-') {
            return Ok(Node::Negative(Box::new(self.atom()?)));
        }
        if self.take('(') {
            let inner = self.sum()?;
            self.expect(')')?;
            return Ok(inner);
        }
        self.skip();
        if self.rest.starts_with(|c: char| c.is_ascii_digit()) {
            let word = self.while_(|c| c.is_ascii_digit() || c == '.');
            return word
                .parse()
                .map(Node::Number)
                .ok()
                .ok_or_else(|| format!("'{word}' where a number should be"));
        }
        let name = self.while_(|c| c.is_ascii_lowercase() || c == '_');
        if let "min" | "max" = name {
            let all = self.several()?;
            return Ok(if name == "min" {
                Node::Least(all)
            } else {
                Node::Most(all)
            });
        }
        let Some((function, counts)) = Function::named(name) else {
            let found = if name.is_empty() {
                self.ahead()
            } else {
                name.to_owned()
            };
            return Err(format!("'{found}'"));
        };
        self.expect('(')?;
        let condition = self.text()?;
        self.expect(',')?;
        let series = self.text()?;
        let mut days = Vec::new();
        while self.take(',') {
            let word = self.while_(|c| c.is_ascii_digit());
            days.push(
                word.parse()
                    .ok()
                    .ok_or_else(|| format!("'{}' where a day should be", self.ahead()))?,
            );
        }
        self.expect(')')?;
        if !counts.contains(&days.len()) {
            return Err(format!("{name} with {} days", days.len()));
        }
        let (condition, group) = condition.split_once('@').unwrap_or((condition, "control"));
        let parts: Vec<&str> = series.split(':').collect();
        let [scene, region, quantity] = parts.as_slice() else {
            return Err(format!(
                "'{series}' where 'scene:region:quantity' should be"
            ));
        };
        Ok(Node::Of(
            function,
            Series {
                group: group.to_owned(),
                condition: condition.to_owned(),
                scene: (*scene).to_owned(),
                region: (*region).to_owned(),
                quantity: (*quantity).to_owned(),
            },
            days,
        ))
    }

    /// Expressions in brackets, commas between them.
    fn several(&mut self) -> Result<Vec<Node>, String> {
        self.expect('(')?;
        let mut all = vec![self.sum()?];
        while self.take(',') {
            all.push(self.sum()?);
        }
        self.expect(')')?;
        Ok(all)
    }

    fn text(&mut self) -> Result<&'a str, String> {
        self.expect('\'')?;
        let end = self
            .rest
            .find('\'')
            .ok_or_else(|| "a ' that does not end".to_owned())?;
        let (word, rest) = self.rest.split_at(end);
        self.rest = &rest[1..];
        Ok(word)
    }
}

impl Expression {
    /// Reads an expression.
    /// # Errors
    /// What was found where something else should be.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut parser = Parser { rest: text };
        let node = parser.sum()?;
        parser.skip();
        if parser.rest.is_empty() {
            Ok(Self(node))
        } else {
            Err(format!("'{}' after the end", parser.ahead()))
        }
    }

    /// The runs that it needs.
    pub fn needs(&self) -> BTreeSet<RequiredRun> {
        let mut all = BTreeSet::new();
        let mut stack = vec![&self.0];
        while let Some(node) = stack.pop() {
            match node {
                Node::Number(_) => {}
                Node::Negative(a) => stack.push(a),
                Node::Sum(a, b)
                | Node::Difference(a, b)
                | Node::Product(a, b)
                | Node::Quotient(a, b) => stack.extend([a.as_ref(), b.as_ref()]),
                Node::Least(several) | Node::Most(several) => stack.extend(several),
                Node::Of(function, series, days) => {
                    all.insert(RequiredRun {
                        scene: series.scene.clone(),
                        group: series.group.clone(),
                        condition: series.condition.clone(),
                        region: series.region.clone(),
                        quantity: series.quantity.clone(),
                        days: function.looks_at(days),
                    });
                }
            }
        }
        all
    }

    /// Where a plain change stands in a chart: scene, group, condition, region and quantity, the
    /// days from and to which it is, and what the expression divides by. None for every other
    /// expression.
    pub fn point(&self) -> Option<([&str; 5], [u32; 2], f64)> {
        let (node, divisor) = match &self.0 {
            Node::Quotient(node, divisor) => match divisor.as_ref() {
                Node::Number(divisor) => (node.as_ref(), *divisor),
                _ => return None,
            },
            node => (node, 1.0),
        };
        let Node::Of(Function::Change, s, days) = node else {
            return None;
        };
        let days = match days.as_slice() {
            [to] => [0, *to],
            [from, to] => [*from, *to],
            _ => return None,
        };
        let of = [&s.scene, &s.group, &s.condition, &s.region, &s.quantity];
        Some((of.map(String::as_str), days, divisor))
    }

    /// Its value. `course` gives a quantity day by day by scene, group, condition, region and
    /// quantity.
    /// # Errors
    /// Names the course that is missing or too short.
    pub fn value<'c>(
        &self,
        course: &dyn Fn([&str; 5]) -> Option<&'c Course>,
    ) -> Result<f64, String> {
        evaluate(&self.0, course)
    }
}

/// The values of several expressions made one; not a number where one of them is not.
fn fold(
    all: &[Node],
    of: impl Fn(&Node) -> Result<f64, String>,
    pick: fn(f64, f64) -> f64,
) -> Result<f64, String> {
    let values = all.iter().map(of).collect::<Result<Vec<f64>, String>>()?;
    if values.iter().any(|v| v.is_nan()) {
        return Ok(f64::NAN);
    }
    Ok(values.into_iter().reduce(pick).unwrap_or(f64::NAN))
}

fn evaluate<'c>(
    node: &Node,
    course: &dyn Fn([&str; 5]) -> Option<&'c Course>,
) -> Result<f64, String> {
    let of = |n: &Node| evaluate(n, course);
    Ok(match node {
        Node::Number(x) => *x,
        Node::Negative(a) => -of(a)?,
        Node::Sum(a, b) => of(a)? + of(b)?,
        Node::Difference(a, b) => of(a)? - of(b)?,
        Node::Product(a, b) => of(a)? * of(b)?,
        Node::Quotient(a, b) => of(a)? / of(b)?,
        Node::Least(all) => fold(all, of, f64::min)?,
        Node::Most(all) => fold(all, of, f64::max)?,
        Node::Of(function, s, days) => {
            let name = || {
                format!(
                    "{}:{}:{} under {} ({})",
                    s.scene, s.region, s.quantity, s.condition, s.group
                )
            };
            let values = course([&s.scene, &s.group, &s.condition, &s.region, &s.quantity])
                .ok_or_else(|| format!("the model has no {}", name()))?;
            let at = |d: u32| {
                values
                    .get(d as usize)
                    .copied()
                    .ok_or_else(|| format!("{} was not run to day {d}", name()))
            };
            let percent = |from: f64, to: f64| 100.0 * (to / from - 1.0);
            let start = at(0)?;
            let change = |d: u32| Ok::<f64, String>(percent(start, at(d)?));
            match (function, days.as_slice()) {
                (Function::Value, [d]) => at(*d)?,
                (Function::Change, [d]) => change(*d)?,
                (Function::Change, [a, b]) => percent(at(*a)?, at(*b)?),
                (Function::HalfLoss, [d]) => {
                    let half = 0.5 * change(*d)?;
                    let mut day = 0;
                    while day < *d && change(day)? / half < 1.0 - ROUNDING {
                        day += 1;
                    }
                    f64::from(day)
                }
                (Function::HalfBack, [from, to]) => {
                    let mut deepest = (*from, change(*from)?);
                    for d in *from..=*to {
                        let c = change(d)?;
                        if c.abs() > deepest.1.abs() && c * deepest.1 > 0.0 {
                            deepest = (d, c);
                        }
                    }
                    let mut day = deepest.0;
                    while day < *to && change(day)? / deepest.1 > 0.5 + ROUNDING {
                        day += 1;
                    }
                    // Not within those days: as if for ever.
                    if day == *to {
                        f64::INFINITY
                    } else {
                        f64::from(day - from)
                    }
                }
                (Function::Lowest | Function::Highest, [a, b]) => {
                    let all = (*a..=*b)
                        .map(change)
                        .collect::<Result<Vec<f64>, String>>()?;
                    if *function == Function::Lowest {
                        all.into_iter().fold(f64::INFINITY, f64::min)
                    } else {
                        all.into_iter().fold(f64::NEG_INFINITY, f64::max)
                    }
                }
                _ => return Err(format!("{} with {} days", name(), days.len())),
            }
        }
    })
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::float_cmp,
        reason = "tests fail by panicking"
    )]

    use super::{Course, Expression};

    fn value(text: &str) -> Result<f64, String> {
        let down: Course = vec![100.0, 90.0, 80.0, 70.0, 60.0, 70.0, 80.0, 90.0, 95.0];
        let expression = Expression::parse(text)?;
        expression.value(&|[scene, group, condition, region, quantity]| {
            let known = [scene, region, quantity] == ["hip", "neck", "bmd"];
            (known && condition == "flight" && group == "op").then_some(&down)
        })
    }

    #[test]
    fn expressions_say_what_they_mean() {
        let of = |f: &str, days: &str| value(&format!("{f}('flight@op','hip:neck:bmd',{days})"));
        assert_eq!(of("change", "4").unwrap().round(), -40.0);
        assert_eq!(of("change", "4, 6").unwrap().round(), 33.0);
        assert_eq!(of("value", "2").unwrap(), 80.0);
        assert_eq!(of("half_loss", "4").unwrap(), 2.0);
        // 60 at day 4 comes back to 80 at day 6.
        assert_eq!(of("half_back", "3,8").unwrap(), 3.0);
        assert_eq!(of("half_back", "4,5").unwrap(), f64::INFINITY);
        assert_eq!(of("lowest", "1,8").unwrap().round(), -40.0);
        assert_eq!(of("highest", "1,8").unwrap().round(), -5.0);
        let of_all = "min(value('flight@op','hip:neck:bmd',2), 2 * max(7, 3), 90)";
        assert_eq!(value(of_all).unwrap(), 14.0);
        assert!(value("max(1, 0/0)").unwrap().is_nan());
        let point = |text: &str| {
            let expression = Expression::parse(text).unwrap();
            expression
                .point()
                .map(|(of, days, by)| (of[3].to_owned(), days, by))
        };
        let neck = "change('flight@op','hip:neck:bmd',4)";
        assert_eq!(point(neck), Some(("neck".to_owned(), [0, 4], 1.0)));
        assert_eq!(
            point(&format!("{neck}/2.5")),
            Some(("neck".to_owned(), [0, 4], 2.5))
        );
        assert_eq!(point(&format!("{neck}-{neck}")), None);
        assert_eq!(
            point("change('flight@op','hip:neck:bmd',1,2)"),
            Some(("neck".to_owned(), [1, 2], 1.0))
        );
        let both = "(change('flight@op','hip:neck:bmd',4) - 2*3) / -2";
        assert_eq!(value(both).unwrap().round(), 23.0);
    }

    #[test]
    fn wrong_ones_are_refused() {
        for text in [
            "",
            "1 +",
            "change('flight')",
            "change('flight','hip:neck',3)",
            "value('flight','hip:neck:bmd',1,2)",
            "colour('flight','hip:neck:bmd',3)",
            "(1",
            "min()",
            "max(1,",
            "1 2",
            "change('flight,'hip:neck:bmd',3)",
        ] {
            assert!(Expression::parse(text).is_err(), "{text}");
        }
        assert!(value("change('flight','hip:neck:bmd',3)").is_err());
        assert!(value("change('flight@op','hip:neck:bmd',30)").is_err());
    }
}
