// The scalars of one conjugate gradient solve. They stay on the adapter.
struct Scalars {
    rz: f32,         // r·z of the last iteration; 0 before the first
    alpha: f32,
    beta: f32,
    rr: f32,         // ‖r‖² now
    bb: f32,         // ‖b‖²
    tolerance: f32,  // stop at ‖r‖ ≤ tolerance ‖b‖
    iterations: u32,
    stop: u32,       // 1 once converged: what follows in the submission does nothing
    finishing: u32,  // iterations still to come once the tolerance is met,
    enough: f32,     // unless ‖r‖ ≤ enough ‖b‖
}
