// The place of an invocation in a dispatch that may have been folded into two dimensions.
const WORKGROUP: u32 = 64u;

fn thread_index(id: vec3<u32>, groups: vec3<u32>) -> u32 {
    return id.x + id.y * groups.x * WORKGROUP;
}
