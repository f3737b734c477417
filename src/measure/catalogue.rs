//! Every quantity that is measured: its key in tables and claims, its unit, its name for people.

/// Of what a quantity is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Subject {
    /// A region of bone.
    Bone,
    /// A region of muscle.
    Muscle,
    /// The body.
    Body,
}

macro_rules! catalogue {
    ($($variant:ident: $subject:ident, $key:literal, $unit:literal, $title:literal;)+) => {
        /// A quantity.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Quantity { $(#[doc = $title] $variant,)+ }

        impl Quantity {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// Name in tables and claims. Bone and muscle may each have one of the same name.
            pub fn key(self) -> &'static str {
                match self { $(Self::$variant => $key,)+ }
            }

            /// Unit; `1` for what is relative to homeostasis.
            pub fn unit(self) -> &'static str {
                match self { $(Self::$variant => $unit,)+ }
            }

            /// Name for people.
            pub fn title(self) -> &'static str {
                match self { $(Self::$variant => $title,)+ }
            }

            /// Of what it is.
            pub fn subject(self) -> Subject {
                match self { $(Self::$variant => Subject::$subject,)+ }
            }
        }
    };
}

catalogue! {
    Bmd: Bone, "bmd", "mg HA/cm3", "bone mineral density";
    Bmc: Bone, "bmc", "g HA", "bone mineral content";
    Bvtv: Bone, "bvtv", "1", "bone volume fraction";
    ConnectivityDensity: Bone, "connectivity_density", "1/mm3", "connectivity density";
    TrabecularBmd: Bone, "trabecular_bmd", "mg HA/cm3", "trabecular bone mineral density";
    CorticalBmd: Bone, "cortical_bmd", "mg HA/cm3", "cortical bone mineral density";
    CorticalThickness: Bone, "cortical_thickness", "mm", "cortical thickness (Ct.Th)";
    CorticalPorosity: Bone, "cortical_porosity", "1", "cortical porosity (Ct.Po)";
    CorticalArea: Bone, "cortical_area", "mm2", "cortical area (Ct.Ar)";
    TotalArea: Bone, "total_area", "mm2", "total area (Tt.Ar)";
    Osteoblasts: Bone, "osteoblasts", "1", "osteoblasts";
    Osteoclasts: Bone, "osteoclasts", "1", "osteoclasts";
    OsteocyteSignal: Bone, "osteocyte_signal", "1", "osteocyte signal";
    RanklOpg: Bone, "rankl_opg", "1", "RANKL/OPG";
    Sclerostin: Bone, "sclerostin", "1", "sclerostin";
    MarrowFat: Bone, "marrow_fat", "1", "marrow fat";
    Mapk: Bone, "mapk", "1", "MAPK";
    PparGamma: Bone, "ppar_gamma", "1", "PPAR-γ";
    OsteogenicFate: Bone, "osteogenic_fate", "1", "osteogenic fate";
    Cytoskeleton: Bone, "cytoskeleton", "1", "cytoskeleton";
    Alp: Bone, "alp", "1", "alkaline phosphatase";
    Osteocalcin: Bone, "osteocalcin", "1", "osteocalcin";
    Connectivity: Bone, "connectivity", "1", "struts that were never lost";
    Strength: Bone, "strength", "N", "strength";
    Stiffness: Bone, "stiffness", "N/mm", "stiffness";
    StanceStrength: Bone, "stance_strength", "N", "strength in stance";
    StanceStiffness: Bone, "stance_stiffness", "N/mm", "stiffness in stance";
    AngleToPrincipalStress: Bone, "angle_to_principal_stress", "deg", "angle to principal stress";
    CosineToPrincipalStress: Bone, "cosine_to_principal_stress", "1", "cosine to principal stress";
    DensityStressCorrelation: Bone, "density_stress_correlation", "1", "correlation of density with stress";
    Volume: Muscle, "volume", "cm3", "volume";
    Type1Csa: Muscle, "type1_csa", "mm2", "type I fibres";
    Type2Csa: Muscle, "type2_csa", "mm2", "type II fibres";
    MuscleStrength: Muscle, "strength", "1", "strength";
    NeuralDrive: Muscle, "neural_drive", "1", "neural drive";
    SatelliteCells: Muscle, "satellite_cells", "1", "satellite cells";
    Myotubes: Muscle, "myotubes", "1", "myotubes";
    Myostatin: Muscle, "myostatin", "1", "myostatin";
    Bmp2: Muscle, "bmp2", "1", "BMP-2";
    Bmp4: Muscle, "bmp4", "1", "BMP-4";
    NogginChordin: Muscle, "noggin_chordin", "1", "Noggin and Chordin";
    Smad158: Muscle, "smad158", "1", "Smad 1/5/8";
    Smad23: Muscle, "smad23", "1", "Smad 2/3";
    MuscleQuality: Muscle, "muscle_quality", "1", "Smad 1/5/8 over 2/3";
    SkeletalMineral: Body, "mineral", "g HA", "mineral of the skeleton";
    CalciumBalance: Body, "calcium_balance", "mg/day", "calcium balance of bone";
    Pth: Body, "pth", "1", "parathyroid hormone";
    ResorptionMarker: Body, "resorption_marker", "1", "resorption (CTX)";
    FormationMarker: Body, "formation_marker", "1", "formation";
    BoneFragility: Body, "bone_fragility", "1", "bone fragility";
    MuscleWeakness: Body, "muscle_weakness", "1", "muscle weakness";
    Osteosarcopenia: Body, "osteosarcopenia", "1", "osteosarcopenia";
}

/// The region of what is told of the whole body.
pub const WHOLE_BODY: &str = "whole_body";

impl Quantity {
    /// The quantity of `subject` that is called `key`.
    pub fn of(subject: Subject, key: &str) -> Option<Self> {
        let named = |q: &&Self| q.subject() == subject && q.key() == key;
        Self::ALL.iter().find(named).copied()
    }

    /// Whether anything is called so.
    pub fn is_key(key: &str) -> bool {
        Self::ALL.iter().any(|q| q.key() == key)
    }

    /// Whether it comes from a test to failure, which costs a solve of its own.
    pub fn is_tested(self) -> bool {
        matches!(
            self,
            Self::Strength | Self::Stiffness | Self::StanceStrength | Self::StanceStiffness
        )
    }
}

/// One number: a quantity of a region.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Measurement {
    /// Region's name.
    pub region: &'static str,
    /// Which quantity.
    pub quantity: Quantity,
    /// Value, in the quantity's unit.
    pub value: f64,
}

/// The value of a quantity of a region among others.
pub fn value_of(all: &[Measurement], region: &str, quantity: Quantity) -> Option<f64> {
    all.iter()
        .find(|m| m.quantity == quantity && m.region == region)
        .map(|m| m.value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_tell_quantities_apart() {
        for q in Quantity::ALL {
            assert_eq!(Quantity::of(q.subject(), q.key()), Some(*q));
            assert!(
                q.key()
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
            );
            assert!(!q.title().is_empty() && !q.unit().is_empty());
        }
        assert_eq!(Quantity::of(Subject::Muscle, "bmd"), None);
        assert!(!Quantity::is_key("colour"));
    }
}
