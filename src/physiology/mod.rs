//! Parameters of the tissue, each with value, unit and source, read from `assets/physiology.toml`.

use std::collections::BTreeMap;

use bytemuck::{Pod, Zeroable};
use serde::{Deserialize, Serialize};
use toml::Spanned;

use crate::located::{Located, Source};

mod skeleton;

pub use skeleton::{PIECES, Skeleton};

/// The body mass that forces in the parameter file are for, kg.
pub const STANDARD_MASS_KG: f64 = 75.0;

/// The parameter file that comes with the program.
pub const BUILT_IN: &str = include_str!("../../assets/physiology.toml");

macro_rules! parameters {
    ($($name:ident)*) => {
        /// Every scalar parameter, as the shaders see it. Meaning, unit and source of each stand
        /// in `assets/physiology.toml` under the same name.
        #[repr(C)]
        #[derive(Debug, Clone, Copy, PartialEq, Pod, Zeroable)]
        pub struct Physiology {
            $(#[doc = concat!("`", stringify!($name), "` of physiology.toml.")] pub $name: f32,)*
        }

        impl Physiology {
            /// All names, in memory order.
            pub const NAMES: &'static [&'static str] = &[$(stringify!($name)),*];

            /// All values, in memory order.
            pub fn values(&self) -> Vec<f32> {
                vec![$(self.$name),*]
            }

            fn from_values(values: &[f32]) -> Self {
                let mut all = values.iter().copied();
                Self { $($name: all.next().unwrap_or_default()),* }
            }
        }
    };
}

parameters! {
    modulus_coefficient modulus_exponent cartilage_modulus reference_modulus poisson_ratio tissue_density tissue_mineral
    cortical_bvtv trabecular_start trabecular_least trabecular_most bvtv_floor
    stimulus_exponent settling_stimulus settling_exponent
    residual_load_flight residual_load_bed_rest residual_load_paralysed muscle_idleness mechanical_crosstalk strain_field
    full_disuse dose_exponent dose_exponent_centrifuge dose_exponent_weight_bearing
    overload_limit stimulus_half osteocyte_time osteocyte_renewal desensitisation desensitisation_time denervation
    sclerostin_gain sclerostin_floor sclerostin_time sclerostin_formation
    rankl_gain actin_rankl myostatin_rankl osteoclast_activation osteoclast_recruitment recruitment_time
    coupling coupling_time osteoblast_time formation_gain bmp_formation
    mapk_loss ppar_gain fate_time marrow_fat_gain marrow_fat_time stem_cell_shift
    actin_fate cytoskeleton_loss cytoskeleton_time cytoskeleton_adaptation cytoskeleton_return cytoskeleton_formation
    perforation growth_turnover
    surface_turnover martin_1 martin_2 martin_3 martin_4 martin_5 pore_activity endosteal_roughness
    bmp_bone bisphosphonate_inhibition
    muscle_mass muscle_full_disuse muscle_dose_exponent
    muscle_dose_exponent_centrifuge muscle_dose_exponent_weight_bearing
    synthesis_loss degradation_gain training_gain
    atrophy_time recovery_time type1_sensitivity type2_sensitivity
    neural_loss neural_time fluid_shift fluid_time
    satellite_memory_time satellite_time satellite_activation satellite_loss myotube_activation myotube_loss
    satellite_bmp satellite_myostatin
    satellite_synthesis bmp2_activation bmp2_loss bmp4_activation bmp4_loss inhibitor_gain smad158_synthesis
    myostatin_gain myostatin_loss smad23_degradation signal_length
    treadmill_use ired_use ared_use flywheel_use
    pth_response
    bmd_spread strength_spread
    mechanics_interval
}

impl Physiology {
    /// The struct's WGSL declaration, made from the same names so that the two cannot drift apart.
    pub(crate) fn wgsl() -> String {
        let fields: Vec<String> = Self::NAMES
            .iter()
            .map(|name| format!("    {name}: f32,\n"))
            .collect();
        format!("struct Physiology {{\n{}}}\n", fields.concat())
    }

    /// The same with another value under `name`; none if there is no such parameter.
    #[must_use]
    pub fn with(&self, name: &str, value: f32) -> Option<Self> {
        let at = Self::NAMES.iter().position(|n| *n == name)?;
        let mut values = self.values();
        values[at] = value;
        Some(Self::from_values(&values))
    }

    /// The value under `name`.
    pub fn get(&self, name: &str) -> Option<f32> {
        Self::NAMES
            .iter()
            .position(|n| *n == name)
            .and_then(|i| self.values().get(i).copied())
    }
}

/// When an activity takes place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ActivityKind {
    /// Upright in gravity: its force goes with the weight that the legs carry.
    Gait,
    /// Afloat: its force goes with the weight that is missing.
    Weightless,
    /// On the treadmill, held down by a harness.
    Treadmill,
    /// On the interim resistive device.
    Ired,
    /// On the advanced resistive device.
    Ared,
    /// On the flywheel.
    Flywheel,
}

/// What a day holds: forces of one activity, in N at 75 kg, and how often a day.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Activity {
    /// The scene it loads.
    pub scene: String,
    /// Name.
    pub name: String,
    /// When it takes place.
    pub kind: ActivityKind,
    /// Cycles a day.
    pub count: f64,
    /// Peak force by load case name, N at 75 kg.
    pub forces: BTreeMap<String, f64>,
    /// Where the figures come from.
    pub source: String,
}

/// A muscle group of a scene.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct MuscleGroup {
    /// The scene it belongs to.
    pub scene: String,
    /// Name, which is its region's and its load case's name too.
    pub name: String,
    /// Share of its daily use that standing up against gravity asks for, 0 to 1.
    pub postural: f64,
    /// Share of type I fibre area, 0 to 1, of muscle that the scene does not have one by one.
    pub type1: Option<f64>,
    /// How strongly its fibres answer disuse.
    pub atrophy: f64,
    /// How much more strongly its fast fibres do than `type1_sensitivity` and `type2_sensitivity`
    /// have it.
    #[serde(default = "one")]
    pub fast: f64,
    /// How strongly its water answers gravity, 1 in the quadriceps.
    pub fluid: f64,
    /// Load that it keeps in flight, if not `residual_load_flight`.
    pub residual_flight: Option<f64>,
    /// Load that it keeps in bed rest, if not `residual_load_bed_rest`.
    pub residual_bed_rest: Option<f64>,
    /// Where the figures come from.
    pub source: String,
}

fn one() -> f64 {
    1.0
}

/// A force that a joint passes on.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Joint {
    /// The scene it belongs to.
    pub scene: String,
    /// Name of its load case.
    pub name: String,
    /// Share of its force that muscles pull, 0 to 1; the rest is weight.
    pub muscle_share: f64,
    /// Load that it keeps in flight, if not `residual_load_flight`.
    pub residual_flight: Option<f64>,
    /// Load that it keeps in bed rest, if not `residual_load_bed_rest`.
    pub residual_bed_rest: Option<f64>,
    /// Where the figures come from.
    pub source: String,
}

/// What is particular about a scene.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct SceneFacts {
    /// The scene.
    pub name: String,
    /// The law from density to modulus, if not the femoral neck's.
    pub density_law: Option<String>,
    /// Stimulus that trabecular density settles at, MPa/day, if not `settling_stimulus`.
    pub settling_stimulus: Option<f64>,
    /// Whether it is below the lesion of a paralysed person.
    #[serde(default)]
    pub below_lesion: bool,
    /// By what that is multiplied in some of its bones.
    #[serde(default)]
    pub settling_of: BTreeMap<String, f64>,
    /// Density of the group `control` by region, mg HA/cm3: what a T-score is taken against.
    #[serde(default)]
    pub reference_bmd: BTreeMap<String, f64>,
    /// Where the figures come from.
    pub source: String,
}

/// A group of people: the parameters in which they differ from `control`.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// Name.
    pub name: String,
    /// Name for people.
    pub title: String,
    /// Parameters that are different.
    #[serde(default)]
    pub parameters: BTreeMap<String, f64>,
    /// Where the figures come from.
    pub source: String,
}

/// A person that the parameter file does not have.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum PersonError {
    /// A group or parameter that it does not know.
    #[error("there is no {what} \"{name}\"; allowed: {allowed}")]
    Unknown {
        /// Kind of thing.
        what: &'static str,
        /// What was asked for.
        name: String,
        /// What there is.
        allowed: String,
    },
    /// A parameter outside the range that the file gives it.
    #[error("{name}={value} is out of range; allowed: {allowed}")]
    Range {
        /// Which parameter.
        name: String,
        /// What it was to be.
        value: f64,
        /// Its range, with its unit.
        allowed: String,
    },
}

/// A published law from density to Young's modulus: `coefficient` · ρ^`exponent`, MPa and g/cm3.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct DensityLaw {
    /// Name.
    pub name: String,
    /// Modulus at 1 g/cm3, MPa.
    pub coefficient: f64,
    /// Exponent.
    pub exponent: f64,
    /// Density that the law asks for a unit of apparent density: 1 for apparent, about 0.6 for ash
    /// density.
    pub of_apparent: f64,
    /// Where it comes from.
    pub source: String,
}

/// One parameter as the file gives it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    value: Spanned<f64>,
    unit: String,
    range: Spanned<[f64; 2]>,
    source: Spanned<String>,
}

/// The most activities that a scene's day may hold, as the shaders have room for.
const MOST_ACTIVITIES: usize = 12;
/// The largest force of an activity that is believed, N.
const MOST_FORCE: f64 = 1e5;
/// The most cycles a day that are believed.
const MOST_COUNT: f64 = 1e6;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    parameters: BTreeMap<String, Spanned<Entry>>,
    activity: Vec<Spanned<Activity>>,
    muscle: Vec<Spanned<MuscleGroup>>,
    joint: Vec<Spanned<Joint>>,
    scene: Vec<Spanned<SceneFacts>>,
    group: Vec<Spanned<Group>>,
    skeleton: Vec<Spanned<Skeleton>>,
    density_law: Vec<Spanned<DensityLaw>>,
}

/// The whole parameter file.
#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    /// Scalar parameters.
    pub physiology: Physiology,
    /// Activities of all scenes.
    pub activities: Vec<Activity>,
    /// Muscle groups of all scenes.
    pub muscles: Vec<MuscleGroup>,
    /// Joint forces of all scenes.
    pub joints: Vec<Joint>,
    /// What is particular about scenes.
    pub scenes: Vec<SceneFacts>,
    /// Groups of people.
    pub groups: Vec<Group>,
    /// The skeleton, piece by piece.
    pub skeleton: Vec<Skeleton>,
    /// Laws from density to modulus.
    pub density_laws: Vec<DensityLaw>,
    /// Unit and source by parameter, in [`Physiology::NAMES`]' order.
    pub provenance: Vec<(String, String)>,
    /// Least and largest value that each parameter may have, in the same order.
    pub ranges: Vec<[f64; 2]>,
}

impl Model {
    /// The parameters that come with the program.
    /// # Errors
    /// As [`Model::parse`]; a test holds that there is none.
    pub fn built_in() -> Result<Self, Located> {
        Self::parse("assets/physiology.toml", BUILT_IN)
    }

    /// Young's modulus (MPa) by a density law, of a bone mineral density in mg HA/cm3; 0 where
    /// there is no mineral.
    pub fn youngs_modulus(&self, law: &DensityLaw, bmd: f64) -> f64 {
        let p = &self.physiology;
        let bvtv = bmd.max(0.0) / f64::from(p.tissue_mineral);
        let density = law.of_apparent * f64::from(p.tissue_density) * bvtv;
        law.coefficient * density.powf(law.exponent)
    }

    /// The model of a person of `group`, `body_mass_kg` heavy, in `scene`: the scene's law, the
    /// group's parameters, and forces that go with the body's mass and muscle. Machines pull as
    /// hard on everybody. `set` has other values for parameters, by name, that count above all
    /// else.
    /// # Errors
    /// [`PersonError`]: an unknown group or parameter, or a value out of its range.
    pub fn person(
        &self,
        scene: &str,
        group: &str,
        body_mass_kg: f64,
        set: &[(&str, f64)],
    ) -> Result<Self, PersonError> {
        let Some(own) = self.groups.iter().find(|g| g.name == group) else {
            let names: Vec<&str> = self.groups.iter().map(|g| g.name.as_str()).collect();
            return Err(PersonError::Unknown {
                what: "group",
                name: group.to_owned(),
                allowed: names.join(", "),
            });
        };
        let mut model = self.clone();
        if let Some(facts) = self.scenes.iter().find(|s| s.name == scene) {
            if let Some(stimulus) = facts.settling_stimulus {
                model.put("settling_stimulus", stimulus)?;
            }
            if let Some(law) = self
                .density_laws
                .iter()
                .find(|l| Some(&l.name) == facts.density_law.as_ref())
            {
                model.put("modulus_coefficient", law.coefficient)?;
                model.put("modulus_exponent", law.exponent)?;
            }
        }
        for (name, value) in &own.parameters {
            // What an older bone strives for is told as a multiple: every scene has its own.
            let scene = if name == "settling_stimulus" {
                f64::from(model.physiology.settling_stimulus)
            } else {
                1.0
            };
            model.put(name, scene * value)?;
        }
        for (name, value) in set {
            model.put(name, *value)?;
        }
        let mass = body_mass_kg / STANDARD_MASS_KG;
        let muscle = f64::from(model.physiology.muscle_mass);
        for activity in &mut model.activities {
            let heavy = match activity.kind {
                ActivityKind::Gait | ActivityKind::Weightless | ActivityKind::Treadmill => mass,
                ActivityKind::Ired | ActivityKind::Ared | ActivityKind::Flywheel => 1.0,
            };
            for (case, force) in &mut activity.forces {
                let joint = self
                    .joints
                    .iter()
                    .find(|j| j.scene == activity.scene && j.name == *case);
                let pulled = joint.map_or(1.0, |j| j.muscle_share);
                *force *= heavy * (1.0 + pulled * (muscle - 1.0));
            }
        }
        Ok(model)
    }

    /// Whether a scene is below the lesion of a paralysed person.
    pub fn is_below_lesion(&self, scene: &str) -> bool {
        let facts = self.scenes.iter().find(|s| s.name == scene);
        facts.is_some_and(|s| s.below_lesion)
    }

    /// Least and largest value of a parameter, and its unit.
    pub fn range(&self, name: &str) -> Option<([f64; 2], &str)> {
        let at = Physiology::NAMES.iter().position(|n| *n == name)?;
        Some((*self.ranges.get(at)?, &self.provenance.get(at)?.0))
    }

    /// Gives a parameter another value, if that is in its range.
    fn put(&mut self, name: &str, value: f64) -> Result<(), PersonError> {
        let unknown = || PersonError::Unknown {
            what: "parameter",
            name: name.to_owned(),
            allowed: Physiology::NAMES.join(", "),
        };
        let ([low, high], unit) = self.range(name).ok_or_else(unknown)?;
        if !(low..=high).contains(&value) {
            return Err(PersonError::Range {
                name: name.to_owned(),
                value,
                allowed: range_text([low, high], unit),
            });
        }
        self.physiology = self
            .physiology
            .with(name, value as f32)
            .ok_or_else(unknown)?;
        Ok(())
    }

    /// Reads a parameter file. `file` is its name for errors.
    /// # Errors
    /// A missing, unknown, negative or not finite parameter, one without source, or bad TOML.
    pub fn parse(file: &str, text: &str) -> Result<Self, Located> {
        let source = Source { file, text };
        let read: File = toml::from_str(text).map_err(|e| source.toml_error(&e))?;
        let scalars = read.scalars(&source)?;
        read.check_sources(&source)?;
        read.check_activities(&source)?;
        read.check_muscles(&source)?;
        read.check_joints(&source)?;
        read.check_scenes(&source)?;
        read.check_groups(&source, &scalars.ranges)?;
        read.check_laws(&source)?;
        let scenes: Vec<&str> = (read.scene.iter().map(|s| s.get_ref().name.as_str())).collect();
        skeleton::check(&read.skeleton, &scenes, &source)?;
        Ok(Self {
            physiology: Physiology::from_values(&scalars.values),
            activities: read.activity.into_iter().map(Spanned::into_inner).collect(),
            muscles: read.muscle.into_iter().map(Spanned::into_inner).collect(),
            joints: read.joint.into_iter().map(Spanned::into_inner).collect(),
            scenes: read.scene.into_iter().map(Spanned::into_inner).collect(),
            groups: read.group.into_iter().map(Spanned::into_inner).collect(),
            skeleton: read.skeleton.into_iter().map(Spanned::into_inner).collect(),
            density_laws: read
                .density_law
                .into_iter()
                .map(Spanned::into_inner)
                .collect(),
            provenance: scalars.provenance,
            ranges: scalars.ranges,
        })
    }
}

/// Scalar parameters, in [`Physiology::NAMES`]' order.
struct Scalars {
    values: Vec<f32>,
    provenance: Vec<(String, String)>,
    ranges: Vec<[f64; 2]>,
}

/// Whether a share that may be left out is one.
fn is_share(x: Option<f64>) -> bool {
    x.is_none_or(|x| (0.0..=1.0).contains(&x))
}

impl File {
    /// Every scalar parameter, within its range, from a source.
    fn scalars(&self, source: &Source<'_>) -> Result<Scalars, Located> {
        for (name, entry) in &self.parameters {
            if !Physiology::NAMES.contains(&name.as_str()) {
                return Err(source.error(
                    entry.span().start,
                    name,
                    "an unknown parameter",
                    Physiology::NAMES.join(", "),
                ));
            }
        }
        let mut values = Vec::new();
        let mut provenance = Vec::new();
        let mut ranges = Vec::new();
        for name in Physiology::NAMES {
            let Some(entry) = self.parameters.get(*name) else {
                return Err(source.error(
                    source.text.len(),
                    name,
                    "missing",
                    format!("a table [parameters.{name}] with value, unit and source"),
                ));
            };
            let entry = entry.get_ref();
            let value = *entry.value.get_ref();
            let [low, high] = *entry.range.get_ref();
            if !(low.is_finite() && high.is_finite() && low < high) {
                return Err(source.error(
                    entry.range.span().start,
                    name,
                    format!("a range from {low} to {high}"),
                    "two finite numbers, the smaller one first",
                ));
            }
            if !(low..=high).contains(&value) {
                return Err(source.error(
                    entry.value.span().start,
                    name,
                    format!("{value}"),
                    range_text([low, high], &entry.unit),
                ));
            }
            ranges.push([low, high]);
            if entry.source.get_ref().trim().is_empty() {
                return Err(source.error(
                    entry.source.span().start,
                    name,
                    "an empty source",
                    "where the value comes from, or 'fitted to …'",
                ));
            }
            values.push(value as f32);
            provenance.push((entry.unit.clone(), entry.source.get_ref().clone()));
        }
        Ok(Scalars {
            values,
            provenance,
            ranges,
        })
    }

    /// Everything says where it comes from.
    fn check_sources(&self, source: &Source<'_>) -> Result<(), Located> {
        let sources = self
            .activity
            .iter()
            .map(|a| (a.span(), &a.get_ref().source))
            .chain(self.muscle.iter().map(|a| (a.span(), &a.get_ref().source)))
            .chain(self.joint.iter().map(|a| (a.span(), &a.get_ref().source)))
            .chain(self.scene.iter().map(|a| (a.span(), &a.get_ref().source)))
            .chain(self.group.iter().map(|a| (a.span(), &a.get_ref().source)))
            .chain(
                self.skeleton
                    .iter()
                    .map(|a| (a.span(), &a.get_ref().source)),
            )
            .chain(
                self.density_law
                    .iter()
                    .map(|a| (a.span(), &a.get_ref().source)),
            );
        for (span, text) in sources {
            if text.trim().is_empty() {
                return Err(source.error(
                    span.start,
                    "source",
                    "an empty source",
                    "where the values come from, or 'fitted to …'",
                ));
            }
        }
        Ok(())
    }

    /// Forces, counts, and no more activities than the shaders have room for.
    fn check_activities(&self, source: &Source<'_>) -> Result<(), Located> {
        for activity in &self.activity {
            let bad = activity
                .get_ref()
                .forces
                .iter()
                .find(|(_, f)| !(0.0..=MOST_FORCE).contains(*f));
            if let Some((case, force)) = bad {
                return Err(source.error(
                    activity.span().start,
                    case,
                    format!("{force}"),
                    "a force of 0 to 100000 N",
                ));
            }
            let scene = &activity.get_ref().scene;
            let of_joints = self.joint.iter().map(Spanned::get_ref);
            let of_joints = of_joints.filter(|j| j.scene == *scene).map(|j| &j.name);
            let of_muscles = self.muscle.iter().map(Spanned::get_ref);
            let of_muscles = of_muscles.filter(|m| m.scene == *scene).map(|m| &m.name);
            let known: Vec<&str> = of_joints.chain(of_muscles).map(String::as_str).collect();
            let mut named = activity.get_ref().forces.keys();
            if let Some(case) = named.find(|case| !known.contains(&case.as_str())) {
                return Err(source.error(
                    activity.span().start,
                    "forces",
                    format!("\"{case}\""),
                    format!("joints and muscle groups of {scene}: {}", known.join(", ")),
                ));
            }
            let count = activity.get_ref().count;
            if !(0.0..=MOST_COUNT).contains(&count) {
                return Err(source.error(
                    activity.span().start,
                    "count",
                    format!("{count}"),
                    "0 to 1000000 a day",
                ));
            }
        }
        for activity in &self.activity {
            let scene = &activity.get_ref().scene;
            let in_scene = || self.activity.iter().filter(|a| a.get_ref().scene == *scene);
            if let Some(beyond) = in_scene().nth(MOST_ACTIVITIES) {
                return Err(source.error(
                    beyond.span().start,
                    "activity",
                    format!("{} activities in scene \"{scene}\"", in_scene().count()),
                    format!("at most {MOST_ACTIVITIES} a scene"),
                ));
            }
        }
        Ok(())
    }

    /// Shares and factors of muscles.
    fn check_muscles(&self, source: &Source<'_>) -> Result<(), Located> {
        for muscle in &self.muscle {
            let m = muscle.get_ref();
            let type1 = m.type1.unwrap_or(0.0);
            if !(0.0..=1.0).contains(&m.postural) || !(0.0..=1.0).contains(&type1) {
                return Err(source.error(
                    muscle.span().start,
                    &m.name,
                    format!("postural {}, type1 {type1}", m.postural),
                    "shares from 0 to 1",
                ));
            }
        }
        for muscle in &self.muscle {
            let m = muscle.get_ref();
            let positive = |x: f64| (0.0..=10.0).contains(&x);
            if !positive(m.atrophy)
                || !positive(m.fast)
                || !positive(m.fluid)
                || !is_share(m.residual_flight)
                || !is_share(m.residual_bed_rest)
            {
                return Err(source.error(
                    muscle.span().start,
                    &m.name,
                    format!(
                        "atrophy {}, fast {}, fluid {}, residual {:?} and {:?}",
                        m.atrophy, m.fast, m.fluid, m.residual_flight, m.residual_bed_rest
                    ),
                    "atrophy, fast and fluid from 0 to 10, residual loads from 0 to 1",
                ));
            }
        }
        Ok(())
    }

    /// Shares of joints.
    fn check_joints(&self, source: &Source<'_>) -> Result<(), Located> {
        for joint in &self.joint {
            let j = joint.get_ref();
            if !is_share(Some(j.muscle_share))
                || !is_share(j.residual_flight)
                || !is_share(j.residual_bed_rest)
            {
                return Err(source.error(
                    joint.span().start,
                    &j.name,
                    format!(
                        "muscle_share {}, residual {:?} and {:?}",
                        j.muscle_share, j.residual_flight, j.residual_bed_rest
                    ),
                    "shares from 0 to 1",
                ));
            }
        }
        Ok(())
    }

    /// What is particular about scenes.
    fn check_scenes(&self, source: &Source<'_>) -> Result<(), Located> {
        for scene in &self.scene {
            let s = scene.get_ref();
            if let Some(law) = &s.density_law
                && !self.density_law.iter().any(|l| l.get_ref().name == *law)
            {
                let names: Vec<&str> = self
                    .density_law
                    .iter()
                    .map(|l| l.get_ref().name.as_str())
                    .collect();
                return Err(source.error(
                    scene.span().start,
                    "density_law",
                    format!("\"{law}\""),
                    names.join(", "),
                ));
            }
            let bad = s
                .settling_stimulus
                .iter()
                .chain(s.reference_bmd.values())
                .chain(s.settling_of.values())
                .find(|x| !(x.is_finite() && **x > 0.0));
            if let Some(bad) = bad {
                return Err(source.error(
                    scene.span().start,
                    &s.name,
                    format!("{bad}"),
                    "numbers above 0",
                ));
            }
        }
        Ok(())
    }

    /// Parameters of groups of people.
    fn check_groups(&self, source: &Source<'_>, ranges: &[[f64; 2]]) -> Result<(), Located> {
        for group in &self.group {
            let g = group.get_ref();
            for (name, value) in &g.parameters {
                if !Physiology::NAMES.contains(&name.as_str()) {
                    return Err(source.error(
                        group.span().start,
                        name,
                        format!("an unknown parameter of group \"{}\"", g.name),
                        Physiology::NAMES.join(", "),
                    ));
                }
                let at = Physiology::NAMES.iter().position(|n| n == name);
                let [low, high] = at.map_or([0.0; 2], |at| ranges[at]);
                // A multiple of the scene's own is checked when both are known.
                let multiple = name == "settling_stimulus" && value.is_finite() && *value > 0.0;
                if !multiple && !(low..=high).contains(value) {
                    return Err(source.error(
                        group.span().start,
                        name,
                        format!("{value}"),
                        format!("{low} to {high}"),
                    ));
                }
            }
        }
        Ok(())
    }

    /// Laws from density to modulus.
    fn check_laws(&self, source: &Source<'_>) -> Result<(), Located> {
        for law in &self.density_law {
            let l = law.get_ref();
            let numbers = [l.coefficient, l.exponent, l.of_apparent];
            if numbers.iter().any(|x| !(x.is_finite() && *x > 0.0)) {
                return Err(source.error(
                    law.span().start,
                    &l.name,
                    format!(
                        "coefficient {}, exponent {}, of_apparent {}",
                        l.coefficient, l.exponent, l.of_apparent
                    ),
                    "numbers above 0",
                ));
            }
        }
        Ok(())
    }
}

/// A range with its unit, as errors tell it.
fn range_text([low, high]: [f64; 2], unit: &str) -> String {
    if unit == "1" {
        format!("{low} to {high}")
    } else {
        format!("{low} to {high} {unit}")
    }
}
