//! Where a request comes from: the peer, or what a reverse proxy that we trust says of it.

use std::{convert::Infallible, fmt, net::IpAddr, net::SocketAddr, str::FromStr};

use axum::{
    extract::{ConnectInfo, FromRequestParts},
    http::{Extensions, HeaderMap, request::Parts},
};

use super::Shared;

/// Addresses of reverse proxies, whose word about where a request comes from is taken. This machine is always one.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct TrustedProxies(Vec<Network>);

/// An address, or all that begin with the same bits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Network {
    address: IpAddr,
    bits: u8,
}

/// This is neither an address nor a network such as `10.89.0.0/24`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NoNetwork(String);

impl fmt::Display for NoNetwork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is neither an address nor a network such as `10.89.0.0/24`", self.0)
    }
}

impl std::error::Error for NoNetwork {}

impl FromStr for Network {
    type Err = NoNetwork;

    fn from_str(text: &str) -> Result<Self, NoNetwork> {
        let none = || NoNetwork(text.to_owned());
        let (address, bits) =
            text.split_once('/').map_or((text, None), |(address, bits)| (address, Some(bits)));
        let address: IpAddr = address.parse().map_err(|_| none())?;
        let all = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.map_or(Ok(all), str::parse).map_err(|_| none())?;
        if bits > all { Err(none()) } else { Ok(Self { address, bits }) }
    }
}

impl Network {
    fn has(self, address: IpAddr) -> bool {
        let same = |one: u128, other: u128, of: u32| {
            let rest = of - u32::from(self.bits);
            one.checked_shr(rest).unwrap_or(0) == other.checked_shr(rest).unwrap_or(0)
        };
        match (self.address, address) {
            (IpAddr::V4(one), IpAddr::V4(other)) => same(one.to_bits().into(), other.to_bits().into(), 32),
            (IpAddr::V6(one), IpAddr::V6(other)) => same(one.to_bits(), other.to_bits(), 128),
            _ => false,
        }
    }
}

impl TrustedProxies {
    /// From addresses and networks as text.
    ///
    /// # Errors
    /// For what is neither.
    pub fn read<T: AsRef<str>>(texts: &[T]) -> Result<Self, NoNetwork> {
        texts.iter().map(|text| text.as_ref().parse()).collect::<Result<_, _>>().map(Self)
    }

    fn trusts(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        address.is_loopback() || self.0.iter().any(|network| network.has(address))
    }

    /// Each proxy adds at the end who it heard from. So this goes back from the end for as long as the proxy that
    /// wrote an entry is trusted; what the browser wrote itself is never reached.
    fn origin(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let said = headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok());
        let said: Vec<_> = said.flat_map(|value| value.split(',')).map(str::trim).collect();
        let mut origin = peer;
        for entry in said.into_iter().rev() {
            if !self.trusts(origin) {
                break;
            }
            match address_in(entry) {
                Some(address) => origin = address,
                None => break,
            }
        }
        origin
    }
}

/// Some proxies add the port.
fn address_in(entry: &str) -> Option<IpAddr> {
    let with_port = || entry.parse::<SocketAddr>().ok().map(|address| address.ip());
    entry.parse().ok().or_else(with_port)
}

/// Where a request comes from, short: for counting tries and for the audit log. Empty if nobody knows.
pub(crate) fn origin(proxies: &TrustedProxies, extensions: &Extensions, headers: &HeaderMap) -> String {
    let peer = extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip());
    peer.map(|peer| short(proxies.origin(peer, headers))).unwrap_or_default()
}

/// Who counts as one: an IPv4 address; of IPv6 the first 64 bits, for whoever has one address has all of these
/// (RFC 4291 section 2.5.4).
fn short(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let [one, two, three, four, ..] = address.segments();
            format!("{one:x}:{two:x}:{three:x}:{four:x}")
        }
    }
}

/// See [`origin`].
pub(crate) struct Address(pub String);

impl FromRequestParts<Shared> for Address {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, room: &Shared) -> Result<Self, Infallible> {
        Ok(Self(origin(&room.proxies, &parts.extensions, &parts.headers)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_one_network_count_as_one() {
        let cases = [
            ("192.0.2.7", "192.0.2.7"),
            ("::ffff:192.0.2.7", "192.0.2.7"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2"),
            ("2001:db8:1:2::9", "2001:db8:1:2"),
        ];
        for (address, expected) in cases {
            assert_eq!(short(address.parse().unwrap()), expected, "{address}");
        }
    }

    #[test]
    fn only_a_trusted_proxy_is_believed() {
        let proxies = TrustedProxies::read(&["10.89.0.0/24", "2001:db8::1"]).unwrap();
        let cases = [
            // Peer, what the header says, origin.
            ("192.0.2.7", "", "192.0.2.7"),
            ("192.0.2.7", "198.51.100.1", "192.0.2.7"),
            ("127.0.0.1", "", "127.0.0.1"),
            ("127.0.0.1", "198.51.100.1", "198.51.100.1"),
            ("::ffff:127.0.0.1", "198.51.100.1:4711", "198.51.100.1"),
            ("10.89.0.200", "198.51.100.1", "198.51.100.1"),
            ("10.89.1.1", "198.51.100.1", "10.89.1.1"),
            ("2001:db8::1", "198.51.100.1", "198.51.100.1"),
            ("2001:db8::2", "198.51.100.1", "2001:db8::2"),
            // A browser invents what it likes; the proxy adds the truth behind it.
            ("127.0.0.1", "203.0.113.9, 198.51.100.1", "198.51.100.1"),
            // Two proxies of ours, one behind the other.
            ("127.0.0.1", "203.0.113.9, 198.51.100.1, 10.89.0.3", "198.51.100.1"),
            ("127.0.0.1", "not an address", "127.0.0.1"),
            ("127.0.0.1", "203.0.113.9, nonsense, 10.89.0.3", "10.89.0.3"),
        ];
        for (peer, said, expected) in cases {
            let mut headers = HeaderMap::new();
            if !said.is_empty() {
                headers.insert("x-forwarded-for", said.parse().unwrap());
            }
            let origin = proxies.origin(peer.parse().unwrap(), &headers);
            assert_eq!(origin, expected.parse::<IpAddr>().unwrap(), "{peer} says `{said}`");
        }
    }

    #[test]
    fn networks_are_read_and_nothing_else() {
        for text in ["10.0.0.0/8", "10.0.0.1", "::1/128", "0.0.0.0/0"] {
            assert!(TrustedProxies::read(&[text]).is_ok(), "{text}");
        }
        for text in
            ["", "proxy.example", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "::1/129", "127.0.0.1:80"]
        {
            assert!(TrustedProxies::read(&[text]).is_err(), "{text}");
        }
        assert!(TrustedProxies::read(&["0.0.0.0/0"]).unwrap().trusts("192.0.2.7".parse().unwrap()));
    }
}
