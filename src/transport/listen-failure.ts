/** Errors of setting up a listener, the same for every implementation. */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { createSecureContext } from 'node:tls';
import { messageOf, PsmrError } from '../errors.js';

export function listenError(host: string, port: number, code: string | undefined, cause: unknown): PsmrError {
  const at = `${host}:${port}`;
  if (code === 'EADDRINUSE')
    return new PsmrError(
      'ADDRESS_IN_USE',
      `Cannot listen on ${at}: the address is in use. Stop the program that holds it, or choose another port.`,
      { cause, details: { host, port } },
    );
  return new PsmrError(
    'INVALID_CONFIG',
    `Cannot listen on ${at}: ${code ?? messageOf(cause)}. Choose a host of this machine and a port it may use.`,
    { cause, details: { host, port } },
  );
}

function codeOf(thrown: unknown): string | undefined {
  return thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : undefined;
}

/** For a listener that does not say why it failed: asks the system the same once more. */
export function askWhy(host: string, port: number): Promise<PsmrError> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', (error) => resolve(listenError(host, port, codeOf(error), error)));
    probe.listen({ host, port, exclusive: true }, () => probe.close(() => resolve(unexplained(host, port))));
  });
}

function unexplained(host: string, port: number): PsmrError {
  return listenError(host, port, undefined, 'the system gave no reason');
}

export function explain(host: string, port: number, thrown: unknown): PsmrError {
  return listenError(host, port, codeOf(thrown), thrown);
}

export interface Certificate {
  readonly cert: Buffer;
  readonly key: Buffer;
}

/** Reads and checks a certificate and its key (PEM). Throws INVALID_CONFIG naming the file. */
export function readCertificate(tls: { readonly certFile: string; readonly keyFile: string }): Certificate {
  const certificate = {
    cert: readPem(tls.certFile, 'tls.certFile'),
    key: readPem(tls.keyFile, 'tls.keyFile'),
  };
  try {
    createSecureContext(certificate);
  } catch (thrown) {
    throw new PsmrError(
      'INVALID_CONFIG',
      `tls: ${tls.certFile} and ${tls.keyFile} are no PEM certificate with its key: ${messageOf(thrown)}.`,
      { cause: thrown, details: { certFile: tls.certFile, keyFile: tls.keyFile } },
    );
  }
  return certificate;
}

function readPem(file: string, path: string): Buffer {
  try {
    return readFileSync(file);
  } catch (thrown) {
    throw new PsmrError('INVALID_CONFIG', `${path}: cannot read ${file}: ${messageOf(thrown)}.`, {
      cause: thrown,
      details: { file, path },
    });
  }
}
