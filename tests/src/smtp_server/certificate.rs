//! Certificates a test server can show, right and wrong, each with a root of its own.

use std::{io, sync::Arc};

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, date_time_ymd};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        crypto::ring,
        pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
    },
};

/// Which certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Certificate {
    /// For `localhost` and 127.0.0.1, in date.
    #[default]
    Right,
    /// For another name.
    WrongName,
    /// Out of date.
    Expired,
}

/// The server's side of TLS, and the root to trust (PEM).
pub(super) fn acceptor(certificate: Certificate) -> io::Result<(TlsAcceptor, String)> {
    let root_key = KeyPair::generate().map_err(io::Error::other)?;
    let mut root = CertificateParams::new(Vec::new()).map_err(io::Error::other)?;
    root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let root_pem = root.self_signed(&root_key).map_err(io::Error::other)?.pem();

    let names = match certificate {
        Certificate::WrongName => vec!["elsewhere.example".to_owned()],
        Certificate::Right | Certificate::Expired => vec!["localhost".to_owned(), "127.0.0.1".to_owned()],
    };
    let mut leaf = CertificateParams::new(names).map_err(io::Error::other)?;
    if certificate == Certificate::Expired {
        leaf.not_before = date_time_ymd(2000, 1, 1);
        leaf.not_after = date_time_ymd(2001, 1, 1);
    }
    let leaf_key = KeyPair::generate().map_err(io::Error::other)?;
    let issuer = Issuer::new(root, root_key);
    let leaf = leaf.signed_by(&leaf_key, &issuer).map_err(io::Error::other)?;
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(leaf_key.serialize_der()));

    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_no_client_auth()
        .with_single_cert(vec![leaf.der().clone()], key)
        .map_err(io::Error::other)?;
    Ok((TlsAcceptor::from(Arc::new(config)), root_pem))
}
