// What each piece of the skeleton feels: no lattice tells it, but the share of its load that is
// left and the bone that bears it. Its cells then go by the laws of any bone.

@group(0) @binding(1) var<uniform> environment: Environment;
@group(0) @binding(3) var<storage, read> sites: array<Site>;
@group(0) @binding(4) var<storage, read> bone: array<SiteState>;
@group(0) @binding(5) var<storage, read_write> stimulus: array<f32>;      // by site, MPa/day
@group(0) @binding(6) var<storage, read> homeostasis: array<Homeostasis>;

@compute @workgroup_size(64)
fn piece_stimulus(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let s = thread_index(id, groups);
    if (s >= arrayLength(&sites)) { return; }
    let piece = sites[s].bone;
    let load = environment.scale[piece / 4u][piece % 4u];
    // Under a given force the matrix feels σ/v², and in a cortex what is left of its thickness
    // bears (docs/model.md).
    let sparser = finite(homeostasis[s].bvtv / bone[s].bvtv);
    var thinner = sparser;
    if (sites[s].kind == CORTICAL) { thinner = finite(homeostasis[s].bvtv / bone[s].matrix); }
    stimulus[s] = homeostasis[s].set_point * load * sparser * thinner;
}
