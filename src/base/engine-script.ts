/**
 * What the engine is given when it is loaded as one script, as the built package does (platform/engine-loader.ts), and what takes its
 * place where the sources are loaded file by file.
 */

export interface EngineScript {
  /** Imports a module. A script whose compiled code was kept cannot: V8 does not keep whom to ask. */
  importModule(url: string): Promise<unknown>;
  /** Keeps what is compiled of the engine for the next process, once the job is over or the start is behind it. */
  keepCompiledCode(job: Promise<unknown>): void;
}

declare const engineScript: EngineScript | undefined;

const byFile: EngineScript = {
  importModule: (url) => import(url),
  keepCompiledCode() {},
};

export const { importModule, keepCompiledCode }: EngineScript = typeof engineScript === 'undefined' ? byFile : engineScript;
