/** The layouts of `frame.fbs`, under names of their own. */

export { ColumnEntry } from './generated/wire/column-entry.ts';
export { ColumnForm } from './generated/wire/column-form.ts';
export { FrameHeader } from './generated/wire/frame-header.ts';
export { FrameKind } from './generated/wire/frame-kind.ts';
