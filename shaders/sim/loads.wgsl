// What the day asks of the skeleton: the force of each unit load case in each activity.

@group(0) @binding(0) var<uniform> physiology: Physiology;
@group(0) @binding(1) var<uniform> environment: Environment;
@group(0) @binding(2) var<storage, read> muscle_voxels: array<MuscleVoxel>;
@group(0) @binding(3) var<storage, read> muscle: array<MuscleState>;
@group(0) @binding(4) var<storage, read_write> strength: array<f32>;  // by group, 1 at homeostasis
@group(0) @binding(5) var<storage, read> reference: array<f32>;      // [activity][case], N at 1 g
@group(0) @binding(6) var<storage, read_write> forces: array<f32>;   // [activity][case], N today

// One workgroup a muscle group; a muscle counts by the force that its volume gives. The mean of the
// change is taken, so that no change is exactly 1.
@compute @workgroup_size(64)
fn muscle_strength(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    var sum = vec2<f32>(0.0);
    for (var i = lane; i < environment.muscle_voxels; i += WORKGROUP) {
        let place = muscle_voxels[i];
        if (place.group == group.x) {
            let state = muscle[i];
            let area = place.type1 * (state.type1 - 1.0) + (1.0 - place.type1) * (state.type2 - 1.0);
            sum += place.fraction * place.force * vec2<f32>((1.0 + area) * (1.0 + (state.neural - 1.0)) - 1.0, 1.0);
        }
    }
    let change = mean_of_lanes(lane, sum);
    if (lane == 0u) { strength[group.x] = 1.0 + change; }
}

// Joint forces are part body weight, part muscle pull; muscle pulls go with the muscle's strength.
@compute @workgroup_size(64)
fn daily_forces(@builtin(local_invocation_index) lane: u32) {
    // One workgroup has fewer lanes than there are forces.
    for (var i = lane; i < MOST * environment.activities; i += WORKGROUP) {
        let case_number = i % MOST;
        if (case_number >= environment.cases) { continue; }
        var weakness = 0.0;
        if (case_number < environment.joint_cases) {
            for (var g = 0u; g < environment.groups; g++) {
                weakness += (1.0 - strength[g]) * environment.group_share[g / 4u][g % 4u];
            }
            weakness *= environment.muscle_share[case_number / 4u][case_number % 4u];
        } else {
            weakness = 1.0 - strength[case_number - environment.joint_cases];
        }
        forces[i] = reference[i] * environment.scale[i / 4u][i % 4u]
            * (1.0 - physiology.mechanical_crosstalk * weakness);
    }
}
