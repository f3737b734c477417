// The daily stimulus of each site: every activity's strain at the voxel's centre as a sum of
// the unit fields, the day's activities added up with their counts (Carter and Beaupré).

@group(0) @binding(0) var<uniform> physiology: Physiology;
@group(0) @binding(1) var<uniform> environment: Environment;
@group(0) @binding(2) var<uniform> grid: Grid;
@group(0) @binding(3) var<storage, read> bone_voxels: array<BoneVoxel>;
@group(0) @binding(4) var<storage, read> sites: array<Site>;
@group(0) @binding(5) var<storage, read> bone: array<SiteState>;
@group(0) @binding(6) var<storage, read> displacement: array<f32>;
@group(0) @binding(7) var<storage, read> day: array<f32>;                // [activity][8 cases] forces, N; then [activity] counts
@group(0) @binding(8) var<storage, read_write> stimulus: array<f32>;     // by site, MPa/day
@group(0) @binding(9) var<storage, read_write> energy: array<f32>;       // by bone voxel, MPa
@group(0) @binding(10) var<uniform> spacing: vec4<f32>;                  // mm
@group(0) @binding(11) var<storage, read_write> homeostasis: array<Homeostasis>;
@group(0) @binding(12) var<storage, read_write> mean_change: array<f32>; // by bone: stimulus / set-point − 1
@group(0) @binding(13) var<storage, read_write> mean_set_point: array<f32>; // by bone, MPa/day
@group(0) @binding(14) var<storage, read> solved: array<f32>;            // by bone voxel: modulus at the last solve, MPa

// Normal strains, then engineering shears yz, zx, xy.
struct Strain {
    normal: vec3<f32>,
    shear: vec3<f32>,
}

fn corner(at: u32) -> vec3<f32> {
    return vec3<f32>(displacement[at], displacement[at + 1u], displacement[at + 2u]);
}

fn centre_strain(case_number: u32, element: u32) -> Strain {
    let y = 3u * grid.stride_y;
    let z = 3u * grid.stride_z;
    let o = case_number * environment.case_stride + 3u * element;
    let u0 = corner(o);         let u1 = corner(o + 3u);
    let u2 = corner(o + y);     let u3 = corner(o + y + 3u);
    let u4 = corner(o + z);     let u5 = corner(o + z + 3u);
    let u6 = corner(o + y + z); let u7 = corner(o + y + z + 3u);
    let dx = (((u1 - u0) + (u3 - u2)) + ((u5 - u4) + (u7 - u6))) * finite(0.25 / spacing.x);
    let dy = (((u2 - u0) + (u3 - u1)) + ((u6 - u4) + (u7 - u5))) * finite(0.25 / spacing.y);
    let dz = (((u4 - u0) + (u5 - u1)) + ((u6 - u2) + (u7 - u3))) * finite(0.25 / spacing.z);
    return Strain(vec3<f32>(dx.x, dy.y, dz.z), vec3<f32>(dy.z + dz.y, dz.x + dx.z, dx.y + dy.x));
}

@compute @workgroup_size(64)
fn daily_stimulus(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let t = thread_index(id, groups);
    if (t >= environment.bone_voxels) { return; }
    let place = bone_voxels[t];
    var unit = array<Strain, MOST>();
    for (var c = 0u; c < environment.cases; c++) {
        unit[c] = centre_strain(c, place.element);
    }
    // Stress of unit modulus: λ tr(ε) I + 2 μ ε.
    let nu = physiology.poisson_ratio;
    let lambda = finite(nu / ((1.0 + nu) * (1.0 - 2.0 * nu)));
    let mu = finite(0.5 / (1.0 + nu));
    let m = physiology.stimulus_exponent;
    var sum = 0.0;
    var peak = 0.0;
    for (var a = 0u; a < environment.activities; a++) {
        var normal = vec3<f32>(0.0);
        var shear = vec3<f32>(0.0);
        for (var c = 0u; c < environment.cases; c++) {
            normal += day[MOST * a + c] * unit[c].normal;
            shear += day[MOST * a + c] * unit[c].shear;
        }
        normal = finite3(normal / physiology.reference_modulus);
        shear = finite3(shear / physiology.reference_modulus);
        let trace = normal.x + normal.y + normal.z;
        // Twice the energy density of unit modulus, so that √ of it times E is the energy stress
        // √(2EU).
        let twice = lambda * trace * trace + 2.0 * mu * (dot(normal, normal) + 0.5 * dot(shear, shear));
        sum += day[MOST * MOST + a] * power(twice, 0.5 * m);
        if (day[MOST * MOST + a] > 0.0) { peak = max(peak, twice); }
    }
    var modulus = 0.0;
    for (var s = place.first; s < place.first + place.sites; s++) {
        modulus += sites[s].fraction * site_modulus(sites[s].kind, bone[s], physiology);
    }
    // Displacements are those of the last solve. Bone that has lost stiffness since then bears
    // the same stress, strained the more: right where all of it changes alike, and the loads with
    // it do not.
    let softer = finite(solved[t] / (place.tie * physiology.cartilage_modulus + modulus));
    let strain = softer * power(sum, finite(1.0 / m));
    for (var s = place.first; s < place.first + place.sites; s++) {
        // Of a cortex, what is left of it.
        let v = select(bone[s].bvtv, bone[s].matrix, sites[s].kind == CORTICAL);
        let e = bone_modulus(max(v, physiology.bvtv_floor), physiology);
        // Tissue level: ψ (ρt/ρ)², what the bone matrix itself feels. A piece of a strut is matrix.
        var in_matrix = bone_modulus(1.0, physiology);
        if (sites[s].kind < STRUT) { in_matrix = finite(e / (v * v)); }
        stimulus[s] = strain * in_matrix;
    }
    energy[t] = 0.5 * modulus * softer * softer * peak;
}

// By how much a site's stimulus is off its set-point, that set-point, and its share of the voxel:
// nothing where it has no set-point.
fn change_of(s: u32) -> vec3<f32> {
    let wanted = homeostasis[s].set_point;
    if (wanted <= 0.0) { return vec3<f32>(0.0); }
    return sites[s].fraction * vec3<f32>(finite(stimulus[s] / wanted) - 1.0, wanted, 1.0);
}

// With the strain field cut: one workgroup a bone. The mean of the change is taken, so that no
// change is exactly 0.
@compute @workgroup_size(64)
fn bone_means(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    if (physiology.strain_field == 1.0) { return; }
    var sum = vec3<f32>(0.0);
    for (var i = lane; i < environment.bone_voxels; i += WORKGROUP) {
        let place = bone_voxels[i];
        for (var s = place.first; s < place.first + place.sites; s++) {
            if (sites[s].bone == group.x) { sum += change_of(s); }
        }
    }
    let change = mean_of_lanes(lane, sum.xz);
    let wanted = mean_of_lanes(lane, sum.yz);
    if (lane == 0u) {
        mean_change[group.x] = change;
        mean_set_point[group.x] = wanted;
    }
}

// Then every site feels its bone's mean, as far as the field is cut.
@compute @workgroup_size(64)
fn feel_the_mean(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let t = thread_index(id, groups);
    if (physiology.strain_field == 1.0 || t >= environment.bone_voxels) { return; }
    let place = bone_voxels[t];
    for (var s = place.first; s < place.first + place.sites; s++) {
        let wanted = homeostasis[s].set_point;
        homeostasis[s].mean_set_point = mean_set_point[sites[s].bone];
        if (wanted > 0.0) {
            let own = finite(stimulus[s] / wanted) - 1.0;
            stimulus[s] = wanted * (1.0 + mix(mean_change[sites[s].bone], own, physiology.strain_field));
        }
    }
}
