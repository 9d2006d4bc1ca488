/** Errors of setting up a listener, the same for every implementation. */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { createSecureContext } from 'node:tls';
import { codeOf, messageOf, PsmrError } from '../errors.js';

function listenError(host: string, port: number, code: string | undefined, cause: unknown): PsmrError {
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

/**
 * For a listener that does not say why it failed, or would share a port with another silently: binds the address the
 * careful way and lets go of it at once. Rejects with the reason where it cannot be had.
 */
export function checkAddress(host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', (error) => reject(explain(host, port, error)));
    probe.listen({ host, port, exclusive: true }, () => probe.close(() => resolve()));
  });
}

export function explain(host: string, port: number, thrown: unknown): PsmrError {
  return listenError(host, port, codeOf(thrown), thrown);
}

export interface Certificate {
  readonly cert: Buffer;
  readonly key: Buffer;
  /** The authority whose certificates peers must have. */
  readonly ca?: Buffer;
}

export interface CertificateFiles {
  readonly certFile: string;
  readonly keyFile: string;
  readonly caFile?: string;
}

/** Reads and checks a certificate and its key (PEM). Throws INVALID_CONFIG naming the file. */
export function readCertificate(tls: CertificateFiles): Certificate {
  const certificate = {
    cert: readPem(tls.certFile, 'tls.certFile'),
    key: readPem(tls.keyFile, 'tls.keyFile'),
    ...(tls.caFile === undefined ? {} : { ca: readPem(tls.caFile, 'tls.caFile') }),
  };
  try {
    createSecureContext(certificate);
  } catch (thrown) {
    throw new PsmrError(
      'INVALID_CONFIG',
      `tls: ${tls.certFile} and ${tls.keyFile} are no PEM certificate with its key` +
        `${tls.caFile === undefined ? '' : `, or ${tls.caFile} no PEM certificate`}: ${messageOf(thrown)}.`,
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
