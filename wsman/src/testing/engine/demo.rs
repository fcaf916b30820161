//! stub
use super::{Engine, Input, Output};
use crate::testing::demo::Commands;
use crate::time::{Duration, Instant};
/// o
#[derive(Clone, Copy, Debug, Default)]
pub struct DemoOptions {
    /// u
    pub unix_start: Duration,
}
/// d
pub struct Demo(#[allow(dead_code)] Box<dyn Commands>);
impl Demo {
    /// n
    pub fn new(commands: Box<dyn Commands>, _: DemoOptions) -> Self {
        Self(commands)
    }
}
impl Engine for Demo {
    fn handle(&mut self, _: Instant, _: Input) {}
    fn poll(&mut self, _: Instant) -> Output {
        Output::Wait { until: Instant::NEVER }
    }
}
