/** Authorities and certificates of theirs, as files. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CertificateFiles } from '../../src/transport/listen-failure.js';

const KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

export interface CertificateOptions {
  /** Whom it names; by default 127.0.0.1. */
  readonly names?: string;
  /** How long it is valid; negative: it has expired. */
  readonly days?: number;
  /** What it is for, as openssl calls it; by default for all. */
  readonly usage?: string;
}

export class Certificates {
  readonly folder = mkdtempSync(join(tmpdir(), 'psmr-certificates-'));
  #last = 0;

  /** `authority`: its name, whose key is made where it is not there yet. */
  of(authority: string, options: CertificateOptions = {}): Required<CertificateFiles> {
    const { names = 'IP:127.0.0.1', days = 2, usage } = options;
    const of = (end: string): string => join(this.folder, authority, end);
    if (mkdirSync(join(this.folder, authority), { recursive: true }) !== undefined)
      this.#openssl('req', '-x509', ...KEY, '-keyout', of('ca.key'), '-out', of('ca.pem'), '-subj', `/CN=${authority}`);
    const name = String(++this.#last);
    const [certFile, keyFile, request] = [of(`${name}.pem`), of(`${name}.key`), of(`${name}.csr`)];
    const extensions = [`subjectAltName=${names}`, ...(usage === undefined ? [] : [`extendedKeyUsage=${usage}`])];
    const extended = extensions.flatMap((extension) => ['-addext', extension]);
    this.#openssl('req', '-new', ...KEY, '-keyout', keyFile, '-out', request, '-subj', '/CN=replica', ...extended);
    const signed = ['-CA', of('ca.pem'), '-CAkey', of('ca.key'), '-CAcreateserial', '-copy_extensions', 'copy'];
    this.#openssl('x509', '-req', '-in', request, '-out', certFile, '-days', String(days), ...signed);
    return { certFile, keyFile, caFile: of('ca.pem') };
  }

  remove(): void {
    rmSync(this.folder, { recursive: true });
  }

  #openssl(...options: string[]): void {
    execFileSync('openssl', options, { stdio: 'pipe' });
  }
}
