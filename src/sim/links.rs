//! What the conditions make of the parameters: links of the ring cut by name, the chosen
//! dose-response.

use crate::physiology::Physiology;
use crate::scenario::{Conditions, DoseResponse, Link};

/// Parameters that settling depends on; all others act only afterwards.
pub const SETTLING: &[&str] = &[
    "modulus_coefficient",
    "modulus_exponent",
    "reference_modulus",
    "poisson_ratio",
    "tissue_density",
    "cortical_bvtv",
    "trabecular_start",
    "trabecular_least",
    "trabecular_most",
    "bvtv_floor",
    "stimulus_exponent",
    "settling_stimulus",
    "settling_exponent",
    "muscle_mass",
];

/// The parameters that carry a link: with all of them at zero it is cut.
pub fn carriers(link: Link) -> &'static [&'static str] {
    match link {
        Link::MechanicalCrosstalk => &["mechanical_crosstalk"],
        Link::BiochemicalCrosstalk => &["bmp_formation", "myostatin_rankl", "bmp_bone"],
        Link::MuscleIdleness => &["muscle_idleness"],
        Link::MuscleAtrophy => &[
            "type1_sensitivity",
            "type2_sensitivity",
            "neural_loss",
            "fluid_shift",
        ],
        Link::NeuralDrive => &["neural_loss"],
        Link::SatelliteCells => &[
            "satellite_activation",
            "satellite_loss",
            "myotube_activation",
            "myotube_loss",
            "satellite_bmp",
            "satellite_myostatin",
        ],
        Link::Bmp => &[
            "bmp2_activation",
            "bmp2_loss",
            "bmp4_activation",
            "bmp4_loss",
            "inhibitor_gain",
            "bmp_bone",
        ],
        Link::Myostatin => &["myostatin_gain", "myostatin_loss"],
        Link::BoneRemodelling => &["surface_turnover"],
        Link::OsteoclastDrive => &["rankl_gain", "actin_rankl", "myostatin_rankl"],
        Link::Sclerostin => &["sclerostin_gain"],
        Link::Coupling => &["coupling"],
        Link::StemCellShift => &["mapk_loss", "ppar_gain", "actin_fate"],
        Link::Cytoskeleton => &["cytoskeleton_loss"],
        Link::Perforation => &["perforation"],
        Link::StrainField => &["strain_field"],
        Link::OsteocyteMemory => &["osteocyte_renewal"],
    }
}

/// The parameters as they act under `conditions`.
pub fn acting(physiology: &Physiology, conditions: &Conditions) -> Physiology {
    let mut p = *physiology;
    match conditions.dose_response {
        DoseResponse::Fitted => {}
        DoseResponse::Centrifuge => {
            p.dose_exponent = p.dose_exponent_centrifuge;
            p.muscle_dose_exponent = p.muscle_dose_exponent_centrifuge;
        }
        DoseResponse::WeightBearing => {
            p.dose_exponent = p.dose_exponent_weight_bearing;
            p.muscle_dose_exponent = p.muscle_dose_exponent_weight_bearing;
        }
    }
    for name in conditions.cuts.iter().flat_map(carriers_of) {
        if let Some(cut) = p.with(name, 0.0) {
            p = cut;
        }
    }
    p
}

fn carriers_of(link: Link) -> impl Iterator<Item = &'static str> {
    carriers(link).iter().copied()
}

/// The parameters of growth from a uniform block: faster, and without a memory of struts or of
/// loads that never were.
pub fn growing(physiology: &Physiology) -> Physiology {
    Physiology {
        surface_turnover: physiology.surface_turnover * physiology.growth_turnover,
        perforation: 0.0,
        osteocyte_renewal: 0.0,
        ..*physiology
    }
}
