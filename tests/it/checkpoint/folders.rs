//! M4 and D3: folders without safetensors, and indexes that lead elsewhere.

use modeldesk::model::weights::Checkpoint;

use super::{Folder, INDEX, WEIGHTS, failure, file};
use crate::counts;

/// The start of what `torch.save` and `pickle.dump` write; calls `os.system` when it is read.
const PICKLE: &[u8] = b"\x80\x04\x95\x1d\0\0\0\0\0\0\0\x8c\x05posix\x94\x8c\x06system\x94\x93\x94.";

#[test]
fn weights_that_are_not_in_safetensors_are_refused_with_the_way_out() {
    let row = counts::row("M4");
    let cases = [
        (
            "pytorch_model.bin",
            "a pickle, which runs code",
            "BertForMaskedLM.from_pretrained(",
        ),
        (
            "model.pt",
            "a pickle, which runs code",
            "safe_serialization=True",
        ),
        (
            "model.pth",
            "a pickle, which runs code",
            "safe_serialization=True",
        ),
        (
            "epoch=3.ckpt",
            "a pickle, which runs code",
            "only if you trust who made the pickle",
        ),
        (
            "model.pkl",
            "a pickle, which runs code",
            "from transformers import BertForMaskedLM;",
        ),
        ("tf_model.h5", "HDF5 of TensorFlow", "from_tf=True"),
        ("flax_model.msgpack", "msgpack of Flax", "from_flax=True"),
        ("model.onnx", "ONNX", "exported from"),
        ("model.Q4_K_M.gguf", "GGUF", "llama.cpp runs it"),
        (
            "adapter_model.safetensors",
            "an adapter",
            "the model that it adapts",
        ),
        (
            "model-00001-of-00002.safetensors",
            "no model.safetensors.index.json",
            "with its index",
        ),
        (
            "bert.safetensors",
            "has bert.safetensors, and no model.safetensors",
            "call it",
        ),
        ("README.md", "has no weights", "fetch the model"),
    ];
    for (name, expected, hint) in cases {
        let folder = Folder::new();
        folder.put(name, PICKLE);
        folder.put("config.json", br#"{"architectures":["BertForMaskedLM"]}"#);
        let said = failure(folder.open());
        assert!(said.starts_with(folder.path().to_str().unwrap()), "{said}");
        for part in [expected, hint] {
            assert!(said.contains(part), "{part}: {said}");
        }
    }
    row.held(cases.len());
}

#[test]
fn a_class_that_is_no_name_reaches_no_command() {
    let folder = Folder::new();
    folder.put("pytorch_model.bin", PICKLE);
    folder.put("config.json", br#"{"architectures":["x; import os"]}"#);
    let said = failure(folder.open());
    assert!(
        said.contains("import AutoModel;") && !said.contains("import os"),
        "{said}"
    );
}

#[test]
fn a_pickle_is_never_taken_for_what_its_name_says_and_never_instead_of_safetensors() {
    let row = counts::row("M4");
    let folder = Folder::new();
    folder.put(WEIGHTS, PICKLE);
    let said = failure(folder.open());
    assert!(
        said.contains("is a Python pickle, not safetensors"),
        "{said}"
    );
    folder.put(
        WEIGHTS,
        b"PK\x03\x04\0\0\x08\x08\0\0\0\0\0\0\0\0archive/data.pkl",
    );
    let said = failure(folder.open());
    assert!(
        said.contains("is a zip archive, as PyTorch pickles models"),
        "{said}"
    );
    folder.put("pytorch_model.bin", PICKLE);
    let said = failure(folder.open());
    assert!(said.contains(WEIGHTS), "{said}");
    folder.put_tensors(WEIGHTS, &[("a", &[1.0])]);
    assert_eq!(*folder.open().unwrap().read("a").unwrap(), [1.0]);
    row.held(4);
}

fn index(map: &str) -> Vec<u8> {
    format!("{{\"metadata\":{{\"total_size\":8}},\"weight_map\":{{{map}}}}}").into_bytes()
}

#[test]
fn an_index_leads_to_safetensors_of_its_folder_and_nowhere_else() {
    let row = counts::row("M4");
    let outside = Folder::new();
    let secret = outside.put_tensors("secret.safetensors", &[("a", &[1.0])]);
    let secret = secret.to_str().unwrap();
    let folder = Folder::new();
    std::fs::create_dir(folder.at("sub")).unwrap();
    folder.put_tensors("sub/x.safetensors", &[("a", &[1.0])]);
    let long = format!("{}.safetensors", "x".repeat(250));
    let names = [
        secret,
        "sub/x.safetensors",
        "./x.safetensors",
        "../x.safetensors",
        "..\\\\x.safetensors",
        "sub\\\\x.safetensors",
        "C:\\\\x.safetensors",
        "C:x.safetensors",
        "x.safetensors:y.safetensors",
        "\\u0000.safetensors",
        "a\\nb.safetensors",
        ".safetensors",
        "..safetensors",
        "pytorch_model-00001.bin",
        "x.safetensors/",
        "x.safetensors.bin",
        "x",
        "..",
        "",
        &long,
    ];
    for name in names {
        folder.put(INDEX, &index(&format!("\"a\":\"{name}\"")));
        let said = failure(folder.open());
        assert!(
            said.contains("which is not a safetensors file of this folder"),
            "{name}: {said}"
        );
        assert!(said.contains(INDEX), "{said}");
    }
    row.held(names.len());
}

#[test]
fn an_index_and_its_files_agree() {
    let row = counts::row("M4");
    let folder = Folder::new();
    folder.put_tensors("1.safetensors", &[("a", &[1.0]), ("b", &[2.0])]);
    folder.put_tensors("2.safetensors", &[("c", &[3.0, 4.0])]);
    let cases = [
        (
            r#""a":"1.safetensors","c":"3.safetensors""#,
            "names `3.safetensors`, which is missing",
        ),
        (
            r#""a":"1.safetensors","d":"1.safetensors""#,
            "1.safetensors has the tensor `d`, and it has not",
        ),
        (
            r#""a":"2.safetensors","c":"1.safetensors""#,
            "the tensor `a`, and it has not",
        ),
        (
            r#""a":"1.safetensors","a":"1.safetensors""#,
            "stands there twice",
        ),
        ("", "names no file of weights"),
        (r#""a":1"#, "is not valid"),
    ];
    for (map, expected) in cases {
        folder.put(INDEX, &index(map));
        let said = failure(folder.open());
        assert!(said.contains(expected), "{expected}: {said}");
    }
    let many: Vec<String> = (0..401)
        .map(|i| format!("\"{i}\":\"{i}.safetensors\""))
        .collect();
    folder.put(INDEX, &index(&many.join(",")));
    assert!(failure(folder.open()).contains("401 files, more than 400"));

    folder.put(
        INDEX,
        &index(r#""a":"1.safetensors","b":"1.safetensors","c":"2.safetensors""#),
    );
    let checkpoint = folder.open().unwrap();
    assert_eq!(checkpoint.names().collect::<Vec<_>>(), ["a", "b", "c"]);
    assert_eq!(*checkpoint.read("c").unwrap(), [3.0, 4.0]);

    folder.put_tensors("2.safetensors", &[("c", &[3.0]), ("a", &[4.0])]);
    let said = failure(folder.open());
    assert!(
        said.contains("2.safetensors: has the tensor `a`, which 1.safetensors has too"),
        "{said}"
    );
    row.held(cases.len() + 3);
}

#[test]
#[cfg(unix)]
fn what_cannot_be_opened_is_told() {
    use std::os::unix::fs::symlink;
    let folder = Folder::new();
    let missing = folder.at("missing");
    assert!(failure(Checkpoint::open(&missing)).contains("cannot open the model in"));
    let plain = folder.put("plain", b"x");
    assert!(failure(Checkpoint::open(&plain)).contains("is a file"));
    symlink("blobs/none", folder.at(WEIGHTS)).unwrap();
    assert!(failure(folder.open()).contains("is a link to a file that is not there"));
    std::fs::remove_file(folder.at(WEIGHTS)).unwrap();
    std::fs::create_dir(folder.at(WEIGHTS)).unwrap();
    assert!(failure(folder.open()).contains("is not a file"));
    std::fs::remove_dir(folder.at(WEIGHTS)).unwrap();
    let made = std::process::Command::new("mkfifo")
        .arg(folder.at(WEIGHTS))
        .status()
        .unwrap();
    assert!(made.success());
    assert!(failure(folder.open()).contains("is not a file"));
}

#[test]
fn a_file_of_another_framework_is_refused() {
    let folder = Folder::new();
    folder.put(WEIGHTS, &file(r#"{"__metadata__":{"format":"flax"}}"#, 0));
    assert!(failure(folder.open()).contains("has the weights as flax arranges them"));
    folder.put(
        WEIGHTS,
        &file(r#"{"__metadata__":{"format":"mlx","x":"y"}}"#, 0),
    );
    folder.open().unwrap();
}
