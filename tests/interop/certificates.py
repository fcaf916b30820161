"""Makes an authority and a host's certificate by it, for 127.0.0.1.

    python certificates.py FOLDER

Writes authority.pem, host.pem and host.key there.
"""

import datetime
import ipaddress
import os
import sys

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID


def name(text):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def made(subject, issuer, key, signer, *extensions):
    now = datetime.datetime.now(datetime.timezone.utc)
    builder = x509.CertificateBuilder().subject_name(name(subject)).issuer_name(name(issuer))
    builder = builder.public_key(key.public_key()).serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(now - datetime.timedelta(days=1)).not_valid_after(now + datetime.timedelta(days=30))
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical)
    # Not SHA-256: which hash a binding takes must show.
    return builder.sign(signer, hashes.SHA384()).public_bytes(serialization.Encoding.PEM)


def main():
    folder = sys.argv[1]
    key, signer = (rsa.generate_private_key(65537, 2048) for _ in range(2))
    usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
    authority = made("interop", "interop", signer, signer, (x509.BasicConstraints(True, None), True), (usage, True))
    names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    ours = x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key())
    host = made("host", "interop", key, signer, (names, False), (ours, False))
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    for file, text in (("authority.pem", authority), ("host.pem", host), ("host.key", private)):
        with open(os.open(os.path.join(folder, file), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
            out.write(text)


if __name__ == "__main__":
    main()
