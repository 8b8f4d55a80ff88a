/**
 * Record types on the wire. Names go as JSON: of plain text, UTF-8 would lose lone surrogates, and its decoder takes a byte
 * order mark off the front (the first name of many a CSV file has one).
 */

import { Builder, ByteBuffer } from 'flatbuffers';
import { assert } from '../base/assert.ts';
import { batchColumns, type ColumnKind, type ColumnType, column, internType, type RecordForm, type RecordType } from '../schema/type.ts';
import { ColumnMessage } from './generated/wire/column-message.ts';
import { RecordTypeMessage } from './generated/wire/record-type-message.ts';

/** In the order of the enums of `frame.fbs`. */
const kinds: readonly ColumnKind[] = ['float64', 'int32', 'bigint64', 'bool', 'timestamp', 'string', 'any', 'null'];
const forms: readonly RecordForm[] = ['scalar', 'object', 'tuple'];

export function encodeRecordType(type: RecordType): Uint8Array {
  const builder = new Builder(256);
  const columns = batchColumns(type).map((each, i) => {
    const name = builder.createString(JSON.stringify(type.names[i] ?? ''));
    ColumnMessage.startColumnMessage(builder);
    ColumnMessage.addName(builder, name);
    ColumnMessage.addKind(builder, kinds.indexOf(each.kind));
    ColumnMessage.addNullable(builder, each.nullable);
    return ColumnMessage.endColumnMessage(builder);
  });
  const vector = RecordTypeMessage.createColumnsVector(builder, columns);
  RecordTypeMessage.startRecordTypeMessage(builder);
  RecordTypeMessage.addForm(builder, forms.indexOf(type.form));
  RecordTypeMessage.addColumns(builder, vector);
  RecordTypeMessage.addKeyed(builder, type.key !== undefined);
  builder.finish(RecordTypeMessage.endRecordTypeMessage(builder));
  return builder.asUint8Array();
}

export function decodeRecordType(bytes: Uint8Array): RecordType {
  const message = RecordTypeMessage.getRootAsRecordTypeMessage(new ByteBuffer(bytes));
  const form = forms[message.form()];
  assert(form !== undefined, `unknown record form ${message.form()}`);
  const names: string[] = [];
  const columns: ColumnType[] = [];
  for (let i = 0; i < message.columnsLength(); i++) {
    const each = message.columns(i);
    const kind = kinds[each?.kind() ?? -1];
    assert(each && kind !== undefined, `unknown column kind in column ${i}`);
    names.push(JSON.parse(each.name() ?? '""') as string);
    columns.push(column(kind, each.nullable()));
  }
  const key = message.keyed() ? columns.pop() : undefined;
  if (key !== undefined) names.pop();
  return internType({ form, names, columns, key });
}
