/** Messages that others send to a port, as a source. */

import { checkOptions, type OptionRules, oneOf, optional, text, wholeNumber } from '../../base/options.ts';
import { type Format, text as textFormat } from '../../formats/format.ts';
import type { Source, SourceReader, Split } from '../../graph/source.ts';
import { type FormatOptions, formatDetails, formatRules, type ParsingOptions, parsedType } from '../lines/parsing.ts';
import { SyslogReader } from './syslog-reader.ts';
import type { ListenAddress } from './syslog-server.ts';

export interface SyslogListenOptions<T = string> extends FormatOptions<T> {
  /** 0 for any that is free, which a warning tells. */
  readonly port: number;
  /** The address to listen at; `'127.0.0.1'` by default, which other machines do not reach. */
  readonly host?: string | undefined;
  /** `'tcp'` by default: it holds up senders while the job is behind. With `'udp'` what there is no room for is dropped, with a warning. */
  readonly protocol?: 'tcp' | 'udp' | undefined;
}

const syslogRules: OptionRules<SyslogListenOptions<never>> = {
  port: wholeNumber(0, 65_535),
  host: optional({ ...text, expected: 'a name or an address' }),
  protocol: optional(oneOf('tcp', 'udp')),
  ...formatRules,
};

/**
 * Listens at a port for syslog messages, of any number of senders: as texts, or what a format makes of them, such as `formats.syslog()`.
 *
 * Over TCP messages are framed as in RFC 6587: with their length in front, or a line feed behind, as the first byte of a connection says.
 * Over UDP a datagram is a message (RFC 5426). A line feed within a message becomes `#012`. A client whose bytes are not framed, or whose message is longer than `syslogMessageBytes`, is
 * disconnected with a warning.
 *
 * What has come cannot be read again: after a restart what was read since the last checkpoint is lost, and so is what is sent meanwhile.
 *
 * @throws MillraceError INVALID_OPTION at once; SOURCE_FAILED when the port is taken
 * @example syslogSource({ port: 5514, format: formats.syslog() })
 */
export function syslogSource<T = string>(options: SyslogListenOptions<T>, of = 'syslog.listen'): Source<T, Split> {
  const checked = checkOptions<SyslogListenOptions<T>>(options, syslogRules as never, of);
  const { port, host = '127.0.0.1', protocol = 'tcp', ...parsing } = checked;
  return syslogSourceOf<T>({ port, host, protocol }, { ...parsing, format: (parsing.format ?? textFormat()) as Format<unknown> });
}

function syslogSourceOf<T>(address: ListenAddress, parsing: ParsingOptions): Source<T, Split> {
  const place = `${address.protocol} ${address.host}:${address.port}`;
  return {
    name: `syslog ${place}`,
    bounded: false,
    type: parsedType(parsing),
    hasAnyFields: parsing.format.hasAnyFields === true,
    details: formatDetails(parsing.format),
    parallelismMax: 1,
    enumerate: () => [{ id: place }],
    createReader: (context) => new SyslogReader(context, address, parsing) as SourceReader<T, Split>,
    project: (fields, _, members) => syslogSourceOf<T>(address, { ...parsing, fields, members }),
  };
}
