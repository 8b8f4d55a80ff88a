/** The machine that the numbers come from. */
import { cpus, loadavg, totalmem } from 'node:os';

/**
 * @typedef {{ cpu: string, cores: number, memoryGigabytes: number, node: string, platform: string, load: number }} Machine
 */

/** @returns {Machine} */
export function machine() {
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memoryGigabytes: Math.round(totalmem() / 1e9),
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    load: Math.round(loadavg()[0] * 100) / 100,
  };
}

/**
 * @param {Machine} machine
 * @returns {string}
 */
export function machineText({ cpu, cores, memoryGigabytes, node, platform, load }) {
  return `${cpu}, ${cores} cores, ${memoryGigabytes} GB, ${platform}, Node ${node}, load ${load} before the start`;
}
