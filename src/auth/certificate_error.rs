//! What can be wrong with a certificate before anything is sent, and what to do about it. Never a part of a key.

use crate::problem::{Diagnose, Exit, Phrase, Who};

/// Why a file is no certificate that an app can prove itself with.
#[derive(Debug, Clone, thiserror::Error)]
pub enum CertificateError {
    /// It is neither PEM nor PFX.
    #[error("`{file}` holds no certificate in PEM or PFX form")]
    Garbage {
        /// As it was named.
        file: String,
    },
    /// There is only a key.
    #[error("`{file}` holds a key and no certificate")]
    NoCertificate {
        /// As it was named.
        file: String,
    },
    /// There is only a certificate.
    #[error("`{file}` holds a certificate and no private key")]
    NoKey {
        /// As it was named.
        file: String,
    },
    /// Key and certificate are strangers.
    #[error("the private key in `{file}` does not belong to the certificate in it")]
    KeyMismatch {
        /// As it was named.
        file: String,
    },
    /// The key is encrypted.
    #[error("`{file}` is protected by a password, and none was given")]
    PasswordNeeded {
        /// As it was named.
        file: String,
    },
    /// With another password.
    #[error("the password does not open `{file}`")]
    WrongPassword {
        /// As it was named.
        file: String,
    },
    /// In a way that is not read here.
    #[error("`{file}` is encrypted in a way of old that is not read")]
    OldEncryption {
        /// As it was named.
        file: String,
    },
    /// The key is of another kind, of another length or damaged.
    #[error("the private key in `{file}` {why}")]
    UnfitKey {
        /// As it was named.
        file: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// The certificate's time is over.
    #[error("the certificate in `{file}` ended on {ended}")]
    Ended {
        /// As it was named.
        file: String,
        /// Its last day.
        ended: String,
    },
    /// The certificate's time has not begun.
    #[error("the certificate in `{file}` is valid from {begins} on only")]
    NotYet {
        /// As it was named.
        file: String,
        /// Its first day.
        begins: String,
    },
}

impl CertificateError {
    /// The file, as it was named.
    const fn file(&self) -> &String {
        match self {
            Self::Garbage { file }
            | Self::NoCertificate { file }
            | Self::NoKey { file }
            | Self::KeyMismatch { file }
            | Self::PasswordNeeded { file }
            | Self::WrongPassword { file }
            | Self::OldEncryption { file }
            | Self::UnfitKey { file, .. }
            | Self::Ended { file, .. }
            | Self::NotYet { file, .. } => file,
        }
    }
}

impl Diagnose for CertificateError {
    fn phrase(&self) -> &'static Phrase {
        match self {
            Self::Garbage { .. } => &GARBAGE,
            Self::NoCertificate { .. } => &NO_CERTIFICATE,
            Self::NoKey { .. } => &NO_KEY,
            Self::KeyMismatch { .. } => &KEY_MISMATCH,
            Self::PasswordNeeded { .. } => &PASSWORD_NEEDED,
            Self::WrongPassword { .. } => &WRONG_PASSWORD,
            Self::OldEncryption { .. } => &OLD_ENCRYPTION,
            Self::UnfitKey { .. } => &UNFIT_KEY,
            Self::Ended { .. } => &ENDED,
            Self::NotYet { .. } => &NOT_YET,
        }
    }

    fn facts(&self) -> Vec<(&'static str, String)> {
        let mut facts = vec![("certificate_file", self.file().clone())];
        match self {
            Self::Ended { ended, .. } => facts.push(("ended", ended.clone())),
            Self::NotYet { begins, .. } => facts.push(("begins", begins.clone())),
            _ => {}
        }
        facts
    }
}

pub(super) static GARBAGE: Phrase = Phrase {
    code: "auth/certificate-unreadable",
    exit: Exit::Usage,
    who: Who::You,
    meaning: "a certificate is read from a PEM file (it begins with `-----BEGIN`) or from a PFX file (`.pfx`, `.p12`); that file is neither, or is damaged",
    remedy: &[
        "name the file with certificate and key: `d365conn connect --auth certificate --certificate FILE`, or D365CONN_CERTIFICATE_FILE",
        "have OpenSSL write it anew and name the new file: `openssl pkcs12 -in {certificate_file} -out certificate.pem`",
    ],
};

pub(super) static NO_CERTIFICATE: Phrase = Phrase {
    code: "auth/certificate-missing",
    exit: Exit::Usage,
    who: Who::You,
    meaning: "Entra knows the app by the certificate; the key alone does not say which one that is",
    remedy: &[
        "put both into one file, in either order: `cat certificate.pem {certificate_file} > both.pem`, and name that one with `--certificate both.pem`",
    ],
};

pub(super) static NO_KEY: Phrase = Phrase {
    code: "auth/certificate-key-missing",
    exit: Exit::Usage,
    who: Who::You,
    meaning: "a certificate is the public half that Entra has; the app proves itself with the private key that belongs to it",
    remedy: &[
        "put both into one file, in either order: `cat {certificate_file} key.pem > both.pem`, and name that one with `--certificate both.pem`",
        "export it with its key, as PFX, from where it was made: in Windows `Export-PfxCertificate`, in Azure Key Vault → Certificates → the certificate → Download in PFX/PEM format",
    ],
};

pub(super) static KEY_MISMATCH: Phrase = Phrase {
    code: "auth/certificate-key-mismatch",
    exit: Exit::Usage,
    who: Who::You,
    meaning: "what one of them signs, nobody can check with the other: they are halves of different pairs",
    remedy: &[
        "find the key whose public half is the certificate's: `openssl x509 -noout -pubkey -in CERTIFICATE` and `openssl pkey -pubout -in KEY` print the same for a pair",
        "name the file that holds a pair: `--certificate FILE`",
    ],
};

pub(super) static PASSWORD_NEEDED: Phrase = Phrase {
    code: "auth/certificate-password-needed",
    exit: Exit::Usage,
    who: Who::You,
    meaning: "the private key in it can't be used before it is opened",
    remedy: &[
        "name a file that holds the password: `--certificate-password-file FILE`, or be asked for it: `--certificate-password-prompt`",
        "without a stored connection, set `D365CONN_CERTIFICATE_PASSWORD` or `D365CONN_CERTIFICATE_PASSWORD_FILE`",
        "for a saved connection: `d365conn reconnect NAME --certificate-password-file FILE`",
    ],
};

pub(super) static WRONG_PASSWORD: Phrase = Phrase {
    code: "auth/certificate-password-wrong",
    exit: Exit::Usage,
    who: Who::You,
    meaning: "it was protected with another one; upper and lower case matter, and so does every space",
    remedy: &[
        "try it by hand: `openssl pkcs12 -info -noout -in {certificate_file}` or `openssl pkey -noout -in {certificate_file}` asks for it",
        "give the right one with `--certificate-password-file FILE` or `--certificate-password-prompt`, or set D365CONN_CERTIFICATE_PASSWORD",
    ],
};

pub(super) static OLD_ENCRYPTION: Phrase = Phrase {
    code: "auth/certificate-encryption",
    exit: Exit::Usage,
    who: Who::You,
    meaning: "of encrypted keys, PKCS#8 with PBES2 is read (`BEGIN ENCRYPTED PRIVATE KEY`), and PFX as OpenSSL and Windows write it",
    remedy: &[
        "write the key anew: `openssl pkcs8 -topk8 -v2 aes-256-cbc -in {certificate_file} -out key.pem`, and put it into one file with the certificate",
    ],
};

pub(super) static UNFIT_KEY: Phrase = Phrase {
    code: "auth/certificate-key-unfit",
    exit: Exit::Usage,
    who: Who::AppOwner,
    meaning: "an app proves itself to Entra with an RSA key of 2048 to 4096 bits",
    remedy: &[
        "make a new pair: `openssl req -x509 -newkey rsa:3072 -nodes -days 365 -subj /CN=d365conn -keyout both.pem -out both.crt`, then `cat both.crt >> both.pem`",
        "upload `both.crt` in Entra admin center → App registrations → the app → Certificates & secrets → Certificates, and name `--certificate both.pem`",
    ],
};

pub(super) static ENDED: Phrase = Phrase {
    code: "auth/certificate-ended",
    exit: Exit::SignIn,
    who: Who::AppOwner,
    meaning: "Entra accepts nothing that is signed with it any more, so nothing was sent",
    remedy: &[
        "make a new one, upload its public part in Entra admin center → App registrations → the app → Certificates & secrets → Certificates, and name it: `d365conn reconnect NAME --certificate FILE`, or D365CONN_CERTIFICATE_FILE",
        "if the date is wrong, set this computer's clock: `timedatectl set-ntp true` on Linux",
    ],
};

pub(super) static NOT_YET: Phrase = Phrase {
    code: "auth/certificate-not-yet",
    exit: Exit::SignIn,
    who: Who::You,
    meaning: "either it was made for later, or this computer's clock is behind; nothing was sent",
    remedy: &[
        "compare the clock with Entra's: `d365conn doctor`; set it with `timedatectl set-ntp true` on Linux",
        "use the certificate from {begins} on, and the one before until then: `--certificate FILE`",
    ],
};
