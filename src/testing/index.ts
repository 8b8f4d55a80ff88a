/** The test kit of Millrace. */

export type { HarnessElement, HarnessRecord, TimedValue } from './harness-channels.ts';
export type { HarnessInput } from './harness-input.ts';
export { type HarnessSnapshot, type HarnessState, type RescaleTarget, rescaleSnapshots } from './harness-state.ts';
export type { KeyOf } from './harness-subject.ts';
export { ManualClock } from './manual-clock.ts';
export {
  type HarnessOptions,
  type KeyedBy,
  type OperatorHarness,
  operatorHarness,
} from './operator-harness.ts';
export { type SimulatedJob, SimulationError, type SimulationOptions, type SimulationReport, simulate } from './simulation/simulate.ts';
export type { SimulatedFaults, SimulatedSavepoints, SimulationPlan } from './simulation/simulation-plan.ts';
export { TestEnvironment, type TestEnvironmentConfig } from './test-environment.ts';
export { type HarnessStep, type Verification, VerificationError, verifyOperator } from './verify-operator.ts';
export {
  type TransactionalTarget,
  type TwoPhaseCommitVerification,
  verifyTwoPhaseCommitSink,
} from './verify-two-phase-commit.ts';
