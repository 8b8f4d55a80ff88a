/** The layouts that code in `channel` relies on, and that every thread must agree about. */

import { describe, expect, test } from 'vitest';
import { columnEntryBytes, FrameMemory, headerBytes, privateFrameMemory } from '../../src/channel/frame-memory.ts';
import { ColumnEntry, ColumnForm, FrameHeader, FrameKind } from '../../src/wire/frame.ts';

/** Offsets of the bytes that differ from zero. */
function written(memory: FrameMemory): number[] {
  return [...memory.uint8.entries()].filter(([, byte]) => byte !== 0).map(([offset]) => offset);
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i);
}

function headerWriting(write: (header: FrameHeader) => void): number[] {
  const memory = privateFrameMemory(64);
  write(memory.headerAt(8));
  return written(memory).map((offset) => offset - 8);
}

function entryWriting(write: (entry: ColumnEntry) => void): number[] {
  const memory = privateFrameMemory(64);
  write(new ColumnEntry().__init(4, memory.flat));
  return written(memory).map((offset) => offset - 4);
}

const uint = 0xffff_ffff;

describe('frames', () => {
  test('have headers and column entries of the sizes that the encoder assumes', () => {
    expect(FrameHeader.sizeOf()).toBe(headerBytes);
    expect(ColumnEntry.sizeOf()).toBe(columnEntryBytes);
  });

  test('have header fields where frame.fbs puts them', () => {
    expect(headerWriting((header) => header.mutate_bytes(uint))).toEqual(range(0, 4));
    expect(headerWriting((header) => header.mutate_kind(FrameKind.Fragment))).toEqual([4]);
    expect(headerWriting((header) => header.mutate_flags(0xff))).toEqual([5]);
    expect(headerWriting((header) => header.mutate_columns(0xffff))).toEqual([6, 7]);
    expect(headerWriting((header) => header.mutate_rows(uint))).toEqual(range(8, 12));
    expect(headerWriting((header) => header.mutate_schema(uint))).toEqual(range(12, 16));
    expect(headerWriting((header) => header.mutate_value(-1.1))).toEqual(range(16, 24));
    expect(headerWriting((header) => header.mutate_payload(uint))).toEqual(range(24, 28));
  });

  test('have the fields of a column entry where frame.fbs puts them', () => {
    expect(entryWriting((entry) => entry.mutate_form(ColumnForm.Null))).toEqual([0]);
    expect(entryWriting((entry) => entry.mutate_values(uint))).toEqual(range(4, 8));
    expect(entryWriting((entry) => entry.mutate_data(uint))).toEqual(range(8, 12));
    expect(entryWriting((entry) => entry.mutate_data_bytes(uint))).toEqual(range(12, 16));
    expect(entryWriting((entry) => entry.mutate_validity(uint))).toEqual(range(16, 20));
  });

  test('keep the numbers of their kinds and forms', () => {
    expect([FrameKind.Padding, FrameKind.Data, FrameKind.Schema, FrameKind.Dictionary, FrameKind.Watermark]).toEqual(range(0, 5));
    expect([FrameKind.Idle, FrameKind.Active, FrameKind.Barrier, FrameKind.EndOfInput, FrameKind.Fragment]).toEqual(range(5, 10));
    const forms = [ColumnForm.Fixed, ColumnForm.Latin1, ColumnForm.Utf16, ColumnForm.Dictionary, ColumnForm.Any, ColumnForm.Null];
    expect(forms).toEqual(range(0, 6));
  });

  test('read back what was written, at any place in a larger memory', () => {
    const memory = new FrameMemory(new SharedArrayBuffer(256), 128, 128);
    for (const position of [0, 8, 96]) {
      const header = memory.startFrame(position, FrameKind.Barrier, headerBytes);
      header.mutate_value(2 ** 52 + 1);
      header.mutate_schema(uint);
      header.mutate_columns(65_535);
      const read = memory.headerAt(position);
      expect([read.kind(), read.bytes(), read.value(), read.schema(), read.columns()]).toEqual([
        FrameKind.Barrier,
        headerBytes,
        2 ** 52 + 1,
        uint,
        65_535,
      ]);
    }
  });

  test('start with nothing of the frame that lay there before', () => {
    const memory = privateFrameMemory(64);
    memory.uint8.fill(0xff);
    const header = memory.startFrame(8, FrameKind.Idle, headerBytes);
    expect([header.flags(), header.columns(), header.rows(), header.schema(), header.value(), header.payload()]).toEqual([
      0, 0, 0, 0, 0, 0,
    ]);
    expect(memory.uint8[7]).toBe(0xff);
    expect(memory.uint8[8 + headerBytes]).toBe(0xff);
  });

  test('are padded with as little as eight bytes', () => {
    const memory = privateFrameMemory(40);
    memory.uint8.fill(0xff);
    memory.writePadding(32, 8);
    expect(memory.paddingAt(32)).toBe(8);
    memory.startFrame(0, FrameKind.Data, 32);
    expect(memory.paddingAt(0)).toBe(0);
  });
});
