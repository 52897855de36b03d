//! Bytes on the wire: what a payload becomes once it is framed, encrypted, cut into segments and acknowledged.
//!
//! The one table of overheads; every byte that a cap sees or a bill charges for went through here. Bytes are counted as
//! providers count them, at the IP layer: Ethernet framing is not billed and not limited.

use crate::units::Bytes;

/// Payload of a full TCP segment: Ethernet's 1500 less IPv4 and TCP headers without options (RFC 879, RFC 6691).
pub const MSS: u64 = 1460;
/// IPv4 (RFC 791) and TCP (RFC 9293) headers without options.
pub const SEGMENT_HEADERS: u64 = 40;
/// One acknowledgement for every second full segment (RFC 5681, section 4.2).
pub const SEGMENTS_PER_ACK: u64 = 2;
/// A TLS 1.3 record carries at most this much (RFC 8446, section 5.1).
pub const TLS_RECORD: u64 = 16_384;
/// TLS 1.3 record: header 5, content type 1, AEAD tag 16 (RFC 8446, section 5.2).
pub const TLS_RECORD_OVERHEAD: u64 = 22;
/// HTTP/2 default SETTINGS_MAX_FRAME_SIZE (RFC 9113, section 6.5.2).
pub const FRAME: u64 = 16_384;
/// HTTP/2 frame header (RFC 9113, section 4.1).
pub const FRAME_HEADER: u64 = 9;
/// HPACK-encoded request headers on a warm connection: method, path, authority, and the mesh's request id and trace
/// context, which change with every request and so are never taken from the dynamic table (estimated from RFC 7541
/// applied to Envoy's x-request-id, 36 characters, and W3C traceparent, 55 characters).
pub const REQUEST_HEADERS: u64 = 160;
/// HPACK-encoded response headers on a warm connection: status, content type and length, upstream service time, date (estimated).
pub const RESPONSE_HEADERS: u64 = 60;

/// How a connection is encrypted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Security {
    /// TLS 1.3, as between sidecars.
    Tls,
    /// Bare TCP, as without a data plane.
    Plain,
}

/// A message's bytes: towards the receiver, and the acknowledgements that come back.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OnWire {
    /// Towards the receiver, headers of every layer included.
    pub data: Bytes,
    /// Bare acknowledgements towards the sender.
    pub acks: Bytes,
}

/// A request of `payload` over HTTP/2.
pub fn request(payload: Bytes, security: Security) -> OnWire {
    message(payload, REQUEST_HEADERS, security)
}

/// A response of `payload` over HTTP/2.
pub fn response(payload: Bytes, security: Security) -> OnWire {
    message(payload, RESPONSE_HEADERS, security)
}

fn message(payload: Bytes, headers: u64, security: Security) -> OnWire {
    // A message without a body is one HEADERS frame; a body adds DATA frames.
    let framed = headers + FRAME_HEADER + payload.0 + payload.0.div_ceil(FRAME) * FRAME_HEADER;
    let sealed = match security {
        Security::Tls => framed + framed.div_ceil(TLS_RECORD) * TLS_RECORD_OVERHEAD,
        Security::Plain => framed,
    };
    let segments = sealed.div_ceil(MSS);
    OnWire {
        data: Bytes(sealed + segments * SEGMENT_HEADERS),
        acks: Bytes(segments.div_ceil(SEGMENTS_PER_ACK) * SEGMENT_HEADERS),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_request_is_one_segment() {
        // 160 + 9 headers, 1024 + 9 body, 22 record, 40 segment; one acknowledgement.
        assert_eq!(request(Bytes(1024), Security::Tls), OnWire { data: Bytes(1264), acks: Bytes(40) });
        assert_eq!(request(Bytes(1024), Security::Plain), OnWire { data: Bytes(1242), acks: Bytes(40) });
    }

    #[test]
    fn a_message_without_a_body_is_its_headers() {
        assert_eq!(response(Bytes(0), Security::Plain), OnWire { data: Bytes(60 + 9 + 40), acks: Bytes(40) });
    }

    #[test]
    fn a_long_response_pays_frames_records_segments_and_half_as_many_acknowledgements() {
        // 40 KiB: frames 3 x 9; 41,056 bytes in 3 records; 41,122 bytes in 29 segments; 15 acknowledgements.
        let framed: u64 = 60 + 9 + 40 * 1024 + 27;
        let sealed = framed + 66;
        assert_eq!((framed, sealed, sealed.div_ceil(MSS)), (41_056, 41_122, 29));
        assert_eq!(
            response(Bytes(40 * 1024), Security::Tls),
            OnWire { data: Bytes(sealed + 29 * 40), acks: Bytes(15 * 40) }
        );
    }
}
