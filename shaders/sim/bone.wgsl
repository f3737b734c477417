// Osteocytes sense, osteoclasts and osteoblasts answer, density follows through the surface
// they work on. Every relation is written so that homeostasis (all 1) stays exactly there.

@group(0) @binding(0) var<uniform> physiology: Physiology;
@group(0) @binding(1) var<uniform> environment: Environment;
@group(0) @binding(2) var<storage, read> bone_voxels: array<BoneVoxel>;
@group(0) @binding(3) var<storage, read> sites: array<Site>;
@group(0) @binding(4) var<storage, read_write> bone: array<SiteState>;
@group(0) @binding(5) var<storage, read> stimulus: array<f32>;
@group(0) @binding(6) var<storage, read> homeostasis: array<Homeostasis>;
@group(0) @binding(7) var<storage, read> level: array<vec4<f32>>;
@group(0) @binding(8) var<storage, read_write> secretion: array<f32>;         // BMP-2, by lattice voxel
@group(0) @binding(9) var<storage, read> surface: array<vec2<f32>>;          // 1/mm, for growth and for resorption
@group(0) @binding(10) var<storage, read_write> surface_out: array<vec2<f32>>;
@group(0) @binding(11) var<storage, read_write> homeostasis_out: array<Homeostasis>;
@group(0) @binding(12) var<storage, read> bone_before: array<SiteState>;

// Keeps what is divided by from vanishing.
const LEAST_SIGNAL: f32 = 1e-3;

// Strain over what osteocytes are adapted to, both over the set-point (MPa/day), as cells pass it
// on: in proportion where little is felt, saturating where much is, so that it matters how large
// the strain itself is. 1 where strain is what they are adapted to.
fn transduced(strain: f32, adapted: f32, set_point: f32) -> f32 {
    return finite(strain / adapted)
        * finite((set_point * adapted + physiology.stimulus_half) / (set_point * strain + physiology.stimulus_half));
}

// Bone surface a tissue volume, 1/mm, by porosity (Martin 1984).
fn specific_surface(bvtv: f32) -> f32 {
    let p = 1.0 - bvtv;
    return max(0.0, p * (physiology.martin_1 + p * (physiology.martin_2 + p * (physiology.martin_3
        + p * (physiology.martin_4 + p * physiology.martin_5)))));
}

// Difference to a neighbour in the lattice of struts; platens and the lattice's sides are no
// surface.
fn step_to(s: u32, inside: bool, neighbour: u32) -> f32 {
    if (!inside || sites[neighbour].kind != STRUT) { return 0.0; }
    return bone_before[neighbour].bvtv - bone_before[s].bvtv;
}

// Where cells work. Single struts move by their surface, |∇v| taken upwind (Godunov): what grows
// looks towards the bone, what is resorbed looks towards the marrow, so nothing grows out of
// nothing.
@compute @workgroup_size(64)
fn surfaces(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let t = thread_index(id, groups);
    if (t >= environment.bone_voxels) { return; }
    let place = bone_voxels[t];
    for (var s = place.first; s < place.first + place.sites; s++) {
        let site = sites[s];
        var both = vec2<f32>(specific_surface(bone_before[s].bvtv));
        // A thinner cortex has fewer pores, not sparser bone. Recruits come from marrow: pores
        // answer less than what borders on it.
        if (site.kind == CORTICAL) {
            let matrix = bone_before[s].matrix;
            let pores = specific_surface(matrix) * finite(bone_before[s].bvtv / matrix);
            both = vec2<f32>(physiology.pore_activity * pores + physiology.endosteal_roughness * site.surface);
        }
        if (site.kind == PLATEN) { both = vec2<f32>(0.0); }
        if (site.kind == STRUT) {
            // Every voxel of such a lattice has one site, in the lattice's order.
            let n = environment.voxels;
            let at = vec3<u32>(s % n.x, (s / n.x) % n.y, s / (n.x * n.y));
            let stride = vec3<u32>(1u, n.x, n.x * n.y);
            both = vec2<f32>(0.0);
            for (var axis = 0u; axis < 3u; axis++) {
                let down = step_to(s, at[axis] > 0u, s - min(s, stride[axis]));
                let up = step_to(s, at[axis] + 1u < n[axis], min(s + stride[axis], n.x * n.y * n.z - 1u));
                let grown = max(0.0, max(down, up));
                let resorbed = max(0.0, max(-down, -up));
                both += vec2<f32>(grown * grown, resorbed * resorbed);
            }
            // site.surface is the inverse of the voxel's edge here.
            both = finite2(sqrt(both)) * site.surface;
        }
        surface_out[s] = both;
    }
}

@compute @workgroup_size(64)
fn remodel(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let t = thread_index(id, groups);
    if (t >= environment.bone_voxels) { return; }
    let place = bone_voxels[t];
    let dt = environment.dt;
    let bmp = free_bmp(level[place.voxel]);
    let myostatin = level[place.voxel].z;
    var secreted = 0.0;
    for (var s = place.first; s < place.first + place.sites; s++) {
        let site = sites[s];
        var state = bone[s];

        // What the site feels of what its osteocytes are adapted to. A lost strut no longer asks
        // for bone: what is left settles at less of it. Nor does it make the others idle, which
        // bear its load besides: disuse is of the bone that is left. Bone that nothing strains, as
        // that between nodes which are all held, has no set-point and asks for no change; nor does
        // a culture, which has no osteocytes.
        var strain = 1.0;
        var felt = 1.0;
        var felt_by_rest = 1.0;
        let rest = homeostasis[s];
        if (rest.set_point > 0.0 && environment.osteocytes > 0.0) {
            let of_rest = finite(stimulus[s] / rest.set_point);
            strain = of_rest * state.connectivity * state.connectivity;
            let set_point = mix(rest.mean_set_point, rest.set_point, physiology.strain_field);
            felt = transduced(strain, state.memory, set_point);
            felt_by_rest = transduced(of_rest, state.memory, set_point);
        }
        let disuse = dose(max(0.0, 1.0 - felt_by_rest), physiology.full_disuse, physiology.dose_exponent);
        let overload = min(max(0.0, felt - 1.0), physiology.overload_limit);
        state.osteocyte = relax(state.osteocyte, max(0.0, 1.0 - disuse) + overload, physiology.osteocyte_time, dt);
        let low = max(0.0, 1.0 - state.osteocyte);
        let high = max(0.0, state.osteocyte - 1.0);
        // Living cells get used to what they feel, dying ones do not: sclerostin and the stem
        // cells' fate follow what is still unusual.
        state.habituation = relax(state.habituation, low - high, physiology.desensitisation_time, dt);
        let unusual = low - high - physiology.desensitisation * state.habituation;
        // Actin loses its order in weightlessness and finds a new one as cells get used to it; what
        // they were used to before comes back sooner.
        let weightless = 1.0 - min(environment.gravity, 1.0);
        let used_within = select(physiology.cytoskeleton_return, physiology.cytoskeleton_adaptation,
            weightless >= state.weightlessness);
        state.weightlessness = relax(state.weightlessness, weightless, used_within, dt);
        state.cytoskeleton = relax(state.cytoskeleton,
            1.0 - physiology.cytoskeleton_loss * (weightless - state.weightlessness), physiology.cytoskeleton_time, dt);
        let disorder = 1.0 - state.cytoskeleton;

        state.sclerostin = relax(state.sclerostin,
            max(physiology.sclerostin_floor, 1.0 + physiology.sclerostin_gain * unusual), physiology.sclerostin_time, dt);
        // RANKL and OPG decay within hours: they stand in balance each day. Osteocytes make them;
        // only where there are none is it left to the other cells.
        state.rankl_opg = max(0.0, 1.0
            + physiology.rankl_gain * low * (1.0 + environment.denervation * site.below_lesion)
            + physiology.actin_rankl * disorder * (1.0 - environment.osteocytes)
            + physiology.myostatin_rankl * myostatin);

        // Osteoclasts that are there answer at once, recruits come weeks later.
        let called = state.rankl_opg - 1.0;
        state.preosteoclasts = relax(state.preosteoclasts,
            max(0.0, 1.0 + physiology.osteoclast_recruitment * called), physiology.recruitment_time, dt);
        let osteoclasts = state.osteoclasts;
        state.osteoclasts = max(0.0, 1.0 + physiology.osteoclast_activation * called) * state.preosteoclasts
            * (1.0 - environment.osteoclast_inhibition);

        // Stem cells: unloading, and actin without order, inhibit MAPK and raise PPAR-gamma; bone
        // cells give way to fat.
        state.mapk = relax(state.mapk,
            max(0.0, 1.0 - physiology.mapk_loss * unusual - physiology.actin_fate * disorder), physiology.fate_time, dt);
        state.ppar_gamma = relax(state.ppar_gamma,
            max(LEAST_SIGNAL, 1.0 + physiology.ppar_gain * unusual + physiology.actin_fate * disorder), physiology.fate_time, dt);
        state.marrow_fat = relax(state.marrow_fat,
            max(0.0, 1.0 + physiology.marrow_fat_gain * (state.ppar_gamma - 1.0)), physiology.marrow_fat_time, dt);
        // Formation follows resorption late (coupling), is held back by sclerostin at once, and is
        // driven by overload; stem cells that do not turn to bone are missing among osteoblasts.
        state.preosteoblasts = relax(state.preosteoblasts,
            max(0.0, 1.0 + physiology.coupling * (state.osteoclasts - 1.0)), physiology.coupling_time, dt);
        let wnt = finite(1.0 / (1.0 + physiology.sclerostin_formation * (state.sclerostin - 1.0)));
        let osteoblasts = state.osteoblasts;
        state.osteoblasts = relax(osteoblasts,
            max(0.0, state.preosteoblasts * wnt * (1.0 + physiology.formation_gain * high)
                * (1.0 + physiology.stem_cell_shift * (finite(2.0 * state.mapk / (state.mapk + state.ppar_gamma)) - 1.0))
                * (1.0 + physiology.bmp_formation * bmp)
                * (1.0 - physiology.cytoskeleton_formation * disorder)),
            physiology.osteoblast_time, dt);

        // New bone holds new osteocytes, which are adapted to what they feel while it is made.
        let renewed = physiology.surface_turnover * surface[s].x * state.osteoblasts;
        let renewal = physiology.osteocyte_renewal * dt * finite(renewed / max(state.bvtv, physiology.bvtv_floor));
        state.memory = max(LEAST_SIGNAL, relax(state.memory, strain, 1.0, renewal));

        let balance = 0.5 * ((state.osteoblasts - state.osteoclasts) + (osteoblasts - osteoclasts));
        let worked = select(surface[s].y, surface[s].x, balance > 0.0);
        let least = select(physiology.bvtv_floor, 0.0, site.kind == STRUT);
        let most = select(1.0 - physiology.bvtv_floor, 1.0, site.kind >= STRUT);
        let moved = dt * physiology.surface_turnover * balance;
        let before = state.bvtv;
        state.bvtv = clamp(before + moved * worked, least, most);
        if (site.kind == CORTICAL) {
            // What cells take inside a cortex opens its pores, the rest thins it; overload adds to
            // its outside.
            let pores = max(0.0, worked - physiology.endosteal_roughness * site.surface);
            state.matrix = clamp(state.matrix + moved * pores * finite(state.matrix / before), least, most);
            state.periosteum += dt * physiology.surface_turnover * physiology.formation_gain * high;
        }
        if (site.kind == TRABECULAR) {
            // The deeper bone is resorbed, the more of its struts are thin enough to be cut.
            let lost = max(0.0, 1.0 - finite(state.bvtv / rest.bvtv));
            state.connectivity = min(state.connectivity, max(0.0, 1.0 - physiology.perforation * lost * lost));
        }
        bone[s] = state;
        secreted += site.fraction * physiology.bmp_bone * (state.osteoblasts - 1.0);
    }
    secretion[place.voxel] = secreted;
}

// Settling under 1 g: trabecular density moves until its tissue feels the target stimulus
// (Wolff's law). Stable because modulus grows with less than the square of density.
@compute @workgroup_size(64)
fn settle(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let t = thread_index(id, groups);
    if (t >= environment.bone_voxels) { return; }
    let place = bone_voxels[t];
    for (var s = place.first; s < place.first + place.sites; s++) {
        if (sites[s].kind == TRABECULAR) {
            let wanted = bone[s].bvtv
                * power(finite(stimulus[s] / (physiology.settling_stimulus * sites[s].settling)), physiology.settling_exponent);
            bone[s].bvtv = clamp(wanted, physiology.trabecular_least, physiology.trabecular_most);
        }
    }
}

// Homeostasis is what a settled bone feels at 1 g: the set-point of everything later.
@compute @workgroup_size(64)
fn remember(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let t = thread_index(id, groups);
    if (t >= environment.bone_voxels) { return; }
    let place = bone_voxels[t];
    for (var s = place.first; s < place.first + place.sites; s++) {
        homeostasis_out[s] = Homeostasis(stimulus[s], bone[s].bvtv, stimulus[s]);
        bone[s].matrix = bone[s].bvtv;
    }
}

// Growth from a uniform block: a bone's trabeculae strive for one and the same stimulus everywhere.
@compute @workgroup_size(64)
fn seed(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let t = thread_index(id, groups);
    if (t >= environment.bone_voxels) { return; }
    let place = bone_voxels[t];
    for (var s = place.first; s < place.first + place.sites; s++) {
        let settling = physiology.settling_stimulus * sites[s].settling;
        let wanted = select(stimulus[s], settling, sites[s].kind == TRABECULAR);
        homeostasis_out[s] = Homeostasis(wanted, bone[s].bvtv, wanted);
        bone[s].matrix = bone[s].bvtv;
    }
}
