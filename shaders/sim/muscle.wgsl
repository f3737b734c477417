// Fibres of type I and II between synthesis and degradation, neural drive, satellite cells that
// first wake and then fade, and what the muscle secretes.

@group(0) @binding(0) var<uniform> physiology: Physiology;
@group(0) @binding(1) var<uniform> environment: Environment;
@group(0) @binding(2) var<storage, read> muscle_voxels: array<MuscleVoxel>;
@group(0) @binding(3) var<storage, read_write> muscle: array<MuscleState>;
@group(0) @binding(4) var<storage, read> level: array<vec4<f32>>;
@group(0) @binding(5) var<storage, read_write> source: array<vec4<f32>>;

fn fibre(area: f32, sensitivity: f32, balance: f32) -> f32 {
    let to = max(0.0, 1.0 + sensitivity * (balance - 1.0));
    // Regrowth is slower than atrophy.
    let time = select(physiology.recovery_time, physiology.atrophy_time, to < area);
    return relax(area, to, time, environment.dt);
}

@compute @workgroup_size(64)
fn adapt(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let t = thread_index(id, groups);
    if (t >= environment.muscle_voxels) { return; }
    let place = muscle_voxels[t];
    var state = muscle[t];
    let dt = environment.dt;
    let used = environment.muscle_use[place.group / 4u][place.group % 4u];
    let missing = clamp(1.0 - used, 0.0, physiology.muscle_full_disuse);
    let disuse = dose(missing, physiology.muscle_full_disuse, physiology.muscle_dose_exponent);
    let training = max(0.0, used - 1.0);
    let type1 = environment.muscle_type1[place.group / 4u][place.group % 4u];
    let type2 = environment.muscle_type2[place.group / 4u][place.group % 4u];
    let fluid = environment.muscle_fluid[place.group / 4u][place.group % 4u];
    // BMP and myostatin compete for Smad4; their balance is the muscle's quality.
    let bmp = max(0.0, 1.0 + free_bmp(level[place.voxel]));
    let myostatin = max(0.0, 1.0 + level[place.voxel].z);
    state.smad158 = 1.0;
    state.smad23 = 1.0;
    if (bmp + myostatin > 0.0) {
        state.smad158 = finite(2.0 * bmp / (bmp + myostatin));
        state.smad23 = finite(2.0 * myostatin / (bmp + myostatin));
    }

    state.memory = relax(state.memory, disuse, physiology.satellite_memory_time, dt);
    // Unloading that the satellite cells have not yet got used to.
    let fresh = max(0.0, disuse - state.memory);
    // BMP wakes satellite cells, myostatin blocks their proliferation and renewal.
    let called = physiology.satellite_bmp * (state.smad158 - 1.0) - physiology.satellite_myostatin * (state.smad23 - 1.0);
    state.satellite_cells = relax(state.satellite_cells,
        max(0.0, 1.0 + physiology.satellite_activation * fresh - physiology.satellite_loss * state.memory + called),
        physiology.satellite_time, dt);
    state.myotubes = relax(state.myotubes,
        max(0.0, 1.0 + physiology.myotube_activation * fresh - physiology.myotube_loss * state.memory + called),
        physiology.satellite_time, dt);
    state.neural = relax(state.neural, 1.0 - physiology.neural_loss * disuse, physiology.neural_time, dt);
    state.fluid = relax(state.fluid, fluid, physiology.fluid_time, dt);

    let synthesis = 1.0 - physiology.synthesis_loss * disuse + physiology.training_gain * training
        + physiology.smad158_synthesis * (state.smad158 - 1.0)
        + physiology.satellite_synthesis * (0.5 * (state.satellite_cells + state.myotubes) - 1.0);
    let degradation = 1.0 + physiology.degradation_gain * disuse + physiology.smad23_degradation * (state.smad23 - 1.0);
    let balance = finite(max(0.0, synthesis) / max(0.1, degradation));
    state.type1 = fibre(state.type1, type1 * physiology.type1_sensitivity, balance);
    state.type2 = fibre(state.type2, type2 * physiology.type2_sensitivity, balance);
    muscle[t] = state;
    source[place.voxel] = place.fraction * vec4<f32>(
        physiology.bmp2_activation * fresh - physiology.bmp2_loss * state.memory,
        physiology.bmp4_activation * fresh - physiology.bmp4_loss * state.memory,
        (physiology.myostatin_gain - physiology.myostatin_loss) * state.memory,
        physiology.inhibitor_gain * state.memory,
    );
}
