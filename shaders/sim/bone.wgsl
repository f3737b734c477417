// Osteocytes sense, osteoclasts and osteoblasts answer, density follows through the surface
// they work on. Every relation is written so that homeostasis (all 1) stays exactly there.

@group(0) @binding(0) var<uniform> physiology: Physiology;
@group(0) @binding(1) var<uniform> environment: Environment;
@group(0) @binding(2) var<storage, read> bone_voxels: array<BoneVoxel>;
@group(0) @binding(3) var<storage, read> sites: array<Site>;
@group(0) @binding(4) var<storage, read_write> bone: array<SiteState>;
@group(0) @binding(5) var<storage, read> stimulus: array<f32>;
@group(0) @binding(6) var<storage, read> set_point: array<f32>;
@group(0) @binding(7) var<storage, read> level: array<vec2<f32>>;
@group(0) @binding(8) var<storage, read_write> source: array<vec2<f32>>;
@group(0) @binding(9) var<storage, read_write> set_point_out: array<f32>;
@group(0) @binding(10) var<storage, read_write> initial: array<f32>;

// Bone surface a tissue volume, 1/mm, by porosity (Martin 1984).
fn specific_surface(bvtv: f32) -> f32 {
    let p = 1.0 - bvtv;
    return p * (physiology.martin_1 + p * (physiology.martin_2 + p * (physiology.martin_3
        + p * (physiology.martin_4 + p * physiology.martin_5))));
}

@compute @workgroup_size(64)
fn remodel(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let t = thread_index(id, groups);
    if (t >= environment.bone_voxels) { return; }
    let place = bone_voxels[t];
    let dt = environment.dt;
    let bmp = level[place.voxel].x;
    let myostatin = level[place.voxel].y;
    var secretion = 0.0;
    for (var s = place.first; s < place.first + (place.sites & 0xffu); s++) {
        let site = sites[s];
        var state = bone[s];

        let felt = stimulus[s] / set_point[s];
        let disuse = pow(max(0.0, 1.0 - felt), physiology.dose_exponent);
        let overload = min(max(0.0, felt - 1.0), physiology.overload_limit);
        state.osteocyte = relax(state.osteocyte, 1.0 - disuse + overload, physiology.osteocyte_time, dt);
        let low = max(0.0, 1.0 - state.osteocyte);
        let high = max(0.0, state.osteocyte - 1.0);

        state.sclerostin = relax(state.sclerostin,
            max(physiology.sclerostin_floor, 1.0 + physiology.sclerostin_gain * (low - high)),
            physiology.sclerostin_time, dt);
        state.rankl_opg = relax(state.rankl_opg,
            max(0.0, 1.0 + physiology.rankl_gain * low + physiology.myostatin_rankl * myostatin),
            physiology.rankl_time, dt);

        let osteoclasts = state.osteoclasts;
        state.osteoclasts = relax(osteoclasts,
            state.rankl_opg * (1.0 - environment.osteoclast_inhibition), physiology.osteoclast_time, dt);

        state.marrow_fat = relax(state.marrow_fat, 1.0 + physiology.marrow_fat_gain * low, physiology.marrow_fat_time, dt);
        // Formation follows resorption late (coupling), is held back by sclerostin at once, and
        // is driven by overload; stem cells that turn to fat are missing among its precursors.
        state.preosteoblasts = relax(state.preosteoblasts,
            1.0 + physiology.coupling * (state.osteoclasts - 1.0)
                - physiology.adipogenic_shift * (state.marrow_fat - 1.0), physiology.coupling_time, dt);
        let wnt = 1.0 / (1.0 + physiology.sclerostin_formation * (state.sclerostin - 1.0));
        let osteoblasts = state.osteoblasts;
        state.osteoblasts = relax(osteoblasts,
            max(0.0, state.preosteoblasts * wnt * (1.0 + physiology.formation_gain * high)
                * (1.0 + physiology.bmp_formation * bmp)),
            physiology.osteoblast_time, dt);

        let surface = specific_surface(state.bvtv) + site.surface;
        let balance = 0.5 * ((state.osteoblasts - state.osteoclasts) + (osteoblasts - osteoclasts));
        state.bvtv = clamp(state.bvtv + dt * physiology.surface_turnover * surface * balance,
            physiology.bvtv_floor, 1.0 - physiology.bvtv_floor);
        bone[s] = state;
        secretion += site.fraction * physiology.bmp_bone * (state.osteoblasts - 1.0);
    }
    let shared_with_muscle = (place.sites & 0x100u) != 0u;
    let from_muscle = select(vec2<f32>(0.0), source[place.voxel], shared_with_muscle);
    source[place.voxel] = from_muscle + vec2<f32>(secretion, 0.0);
}

// Settling under 1 g: trabecular density moves until its tissue feels the target stimulus
// (Wolff's law). Stable because modulus grows with less than the square of density.
@compute @workgroup_size(64)
fn settle(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let t = thread_index(id, groups);
    if (t >= environment.bone_voxels) { return; }
    let place = bone_voxels[t];
    for (var s = place.first; s < place.first + (place.sites & 0xffu); s++) {
        if (sites[s].cortical == 0u) {
            let wanted = bone[s].bvtv * pow(stimulus[s] / physiology.settling_stimulus, physiology.settling_exponent);
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
    for (var s = place.first; s < place.first + (place.sites & 0xffu); s++) {
        set_point_out[s] = stimulus[s];
        initial[s] = bone[s].bvtv;
    }
}
