/** The public API of Millrace. */

import { availableParallelism } from 'node:os';
import { installExecution } from './api/execution.ts';
import { nodeExecution } from './node-execution.ts';

installExecution(nodeExecution(availableParallelism()));

export type { AsyncOptions, AsyncRetryOptions } from './api/async-options.ts';
export type { CheckpointConfig } from './api/checkpoint-options.ts';
export type {
  BroadcastConnectedStreams,
  ConnectedStreams,
  KeyedBroadcastConnectedStreams,
  KeyedConnectedStreams,
} from './api/connected-streams.ts';
export { callback, files, http, socket, stdin, syslog } from './api/connectors.ts';
export type { BroadcastStream, DataStream, DataStreamSink, FieldOf, FieldValue } from './api/data-stream.ts';
export { type GenerateOptions, type SocketTextOptions, StreamEnvironment, type TextFileOptions } from './api/environment.ts';
export { formats } from './api/formats.ts';
export type { IntervalJoin, IntervalJoined, IntervalJoinFunction, SignedDuration } from './api/interval-join.ts';
export type {
  CheckpointInfo,
  JobClient,
  JobEvents,
  JobInput,
  JobMetrics,
  JobResult,
  JobStatus,
  RestoreInfo,
  StageMetrics,
  StopOptions,
  SubtaskCheckpointInfo,
  SubtaskMetrics,
} from './api/job-client.ts';
export type { CoGroupedStreams, HalfJoined, JoinableStreams, JoinedStreams, KeyedPair } from './api/joined-streams.ts';
export type { AggregateContext, KeyedStream } from './api/keyed-stream.ts';
export type { EnvironmentConfig, SourceOptions } from './api/options.ts';
export type { AsyncRows } from './api/row-iterator.ts';
export { type DiskOptions, disk, heap, type StateBackend } from './api/state-backend.ts';
export type { AllWindowedStream, WindowBounds, WindowedStream, WindowRow } from './api/windowed-stream.ts';
export type { DataSize } from './base/data-size.ts';
export type { Duration } from './base/duration.ts';
export { type ErrorCode, MillraceError } from './base/errors.ts';
export type { EpochMs, JobId } from './base/ids.ts';
export type { Limits } from './base/limits.ts';
export type { Clock, FileFacts, Random, ReadableFile, Storage, System, Timer, Timers, WritableFile } from './base/system.ts';
export { ColumnBatch, type ColumnBatchOptions } from './batch/column-batch.ts';
export type { Latin1Strings } from './batch/latin1-strings.ts';
export type { RecordBatch } from './batch/record-batch.ts';
export { StringDictionary } from './batch/string-dictionary.ts';
export type { CheckpointStorage } from './checkpoint/checkpoint-storage.ts';
export { fileStorage } from './checkpoint/file-storage.ts';
export { memoryStorage } from './checkpoint/memory-storage.ts';
export {
  type ExponentialDelayOptions,
  type FailureRateOptions,
  type FixedDelayOptions,
  type RestartStrategy,
  restart,
} from './checkpoint/restart.ts';
export type { SubmitOptions } from './cluster/cluster.ts';
export type { CallbackContext } from './connectors/callback/callback-sink.ts';
export { type BucketAssigner, type BucketContext, buckets, type DateTimeBucketOptions } from './connectors/files/buckets.ts';
export type { CsvOptions } from './connectors/files/csv-text.ts';
export type { FileSinkOptions } from './connectors/files/file-sink.ts';
export type { FileSourceOptions } from './connectors/files/file-source.ts';
export type { FollowOptions } from './connectors/files/follow/follow-options.ts';
export type { RollingOptions } from './connectors/files/rolling.ts';
export type { HttpRetryOptions, HttpSinkOptions } from './connectors/http/http-sink.ts';
export type { ReconnectOptions, SocketOptions } from './connectors/socket/socket-source.ts';
export type { StdinOptions } from './connectors/stdin/stdin-source.ts';
export type { SyslogListenOptions } from './connectors/syslog/syslog-source.ts';
export type { CombinedLog, CommonLog } from './formats/access-log.ts';
export type { CloudFrontLog, ElbLog } from './formats/cloud-logs.ts';
export type { DelimitedOptions, SniffedRecord } from './formats/csv.ts';
export type { FieldTypes, NumberOptions, RecordOfFields } from './formats/declared-fields.ts';
export type { Format, RecordOf, TextOptions } from './formats/format.ts';
export type { JsonOptions } from './formats/json.ts';
export type { MultilineOptions } from './formats/multiline-parser.ts';
export type { RegexRecord } from './formats/regex.ts';
export type { SyslogMessage, SyslogOptions } from './formats/syslog.ts';
export type { TimeNotation } from './formats/time-notations.ts';
export type { RestoredSink, Sink, SinkContext, SinkWriter, TwoPhaseCommitSink, TwoPhaseCommitWriter } from './graph/sink.ts';
export type { Polled, SideRecords, Source, SourceContext, SourceReader, SourceReaderContext, Split } from './graph/source.ts';
export type { BadRecordCount, MalformedRecord } from './metrics/bad-records.ts';
export { LocalCluster, type LocalClusterOptions } from './node-execution.ts';
export type { Aggregator } from './operators/aggregators/aggregator.ts';
export * from './operators/aggregators/index.ts';
export type { AsyncContext } from './operators/async/async-map.ts';
export type { IntervalJoinContext } from './operators/join/interval-join.ts';
export type { AggregateFunction } from './operators/keyed-fold.ts';
export type {
  BroadcastProcessFunction,
  BroadcastReaderContext,
  BroadcastWriterContext,
  CoProcessFunction,
  KeyedBroadcastProcessFunction,
  KeyedCoProcessFunction,
  MixedDeclarations,
} from './operators/process/co-process.ts';
export { OutputTag, type ProcessContext, type SubtaskContext } from './operators/process/context.ts';
export type { TimerService } from './operators/process/key-scope.ts';
export type { KeyedProcessFunction } from './operators/process/keyed-process.ts';
export type { ProcessFunction, StatefulContext } from './operators/process/process.ts';
export type { KeyedContext, TimerContext } from './operators/process/stateful-instance.ts';
export { splitWords } from './operators/split-words.ts';
export type { SidedRecord } from './operators/window/co-window.ts';
export type {
  AllWindowFunction,
  ProcessWindowContext,
  ProcessWindowFunction,
  WindowEndContext,
  WindowFunction,
  WindowResultContext,
} from './operators/window/window-function.ts';
export { type ColumnKind, type ColumnType, type RecordForm, type RecordType, type Type, type TypeOf, t } from './schema/type.ts';
export {
  type AggregatingStateDescriptor,
  aggregatingState,
  type BroadcastStateDescriptor,
  broadcastState,
  type DefaultedStateOptions,
  type ListStateDeclarations,
  type ListStateDescriptor,
  listState,
  type MapStateDescriptor,
  type MixedStateDeclarations,
  mapState,
  type OperatorListStateDescriptor,
  type OperatorStateDeclarations,
  operatorListState,
  type ReducingStateDescriptor,
  reducingState,
  type StateAggregate,
  type StateDeclarations,
  type StateDescriptor,
  type StateOptions,
  type ValueStateDescriptor,
  valueState,
} from './state/descriptors.ts';
export type {
  AggregatingState,
  ListState,
  MapState,
  ReadOnlyMapState,
  ReadOnlyStateOf,
  ReducingState,
  StateFor,
  StateOf,
  ValueState,
} from './state/states.ts';
export type { IncrementalCleanup, TtlConfig } from './state/ttl.ts';
export {
  type AlignmentOptions,
  type TimestampAssigner,
  type WatermarkGenerator,
  type WatermarkOptions,
  type WatermarkOutput,
  type WatermarkStrategy,
  watermarks,
} from './time/watermarks.ts';
export { eventTime } from './time/windows/assigners/event-time.ts';
export { type GlobalWindowOptions, type GlobalWindows, globalWindow } from './time/windows/assigners/global-windows.ts';
export { processingTime } from './time/windows/assigners/processing-time.ts';
export type { SessionGap, SessionOptions, SessionWindows } from './time/windows/assigners/session-windows.ts';
export type { SlidingOptions, SlidingWindows } from './time/windows/assigners/sliding-windows.ts';
export type { TumblingOptions, TumblingWindows, WindowStagger } from './time/windows/assigners/tumbling-windows.ts';
export type { Evictor, EvictorContext, EvictorOptions, TimestampedValue } from './time/windows/evictor.ts';
export { evictors } from './time/windows/evictors/evictors.ts';
export { mergeTimeWindows } from './time/windows/merge-time-windows.ts';
export type { Trigger, TriggerContext, TriggerResult } from './time/windows/trigger.ts';
export type { TimeoutOptions } from './time/windows/triggers/timeout-trigger.ts';
export { triggers } from './time/windows/triggers/triggers.ts';
export { endOfTime, GlobalWindow, TimeWindow, type Window } from './time/windows/window.ts';
export type { AssignerContext, MergeWindows, ResolveContext, WindowAssigner } from './time/windows/window-assigner.ts';
