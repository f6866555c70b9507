pub const ANSWER: &str = "ok";
