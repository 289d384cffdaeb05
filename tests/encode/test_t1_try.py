import pytest, shutil, json, torch
from pathlib import Path
from safetensors.torch import load_file, save_file
from harness.encode.encoder import open_encoder
from harness.spec import EngineSpec, EncoderSpec
def test_empty(encoder_of):
    e=encoder_of("bert")
    print(e.documents(["",""],[32])); print(e.documents([],[32])); print(e.queries(["a"],[32,]))
def damage_size(p):
    t=load_file(p/"model.safetensors"); t["embeddings.word_embeddings.weight"]=torch.zeros(5,32); save_file(t,p/"model.safetensors",metadata={"format":"pt"})
def trunc(p):
    b=(p/"model.safetensors").read_bytes(); (p/"model.safetensors").write_bytes(b[:-100])
def trunc2(p):
    b=(p/"model.safetensors").read_bytes(); (p/"model.safetensors").write_bytes(b[:100])
def trunc0(p):
    (p/"model.safetensors").write_bytes(b"")
def missing(p):
    t=load_file(p/"model.safetensors"); del t["encoder.layer.1.output.dense.weight"]; save_file(t,p/"model.safetensors",metadata={"format":"pt"})
def nometa(p):
    t=load_file(p/"model.safetensors"); save_file(t,p/"model.safetensors")
def head2(p):
    t=load_file(p/"model.safetensors"); t["linear.weight"]=torch.zeros(32,5); save_file(t,p/"model.safetensors",metadata={"format":"pt"})
def head1(p):
    t=load_file(p/"model.safetensors"); t["linear.weight"]=torch.zeros(32); save_file(t,p/"model.safetensors",metadata={"format":"pt"})
def arch(p):
    c=json.loads((p/"config.json").read_text()); c["model_type"]="foo"; (p/"config.json").write_text(json.dumps(c))
def notype(p):
    c=json.loads((p/"config.json").read_text()); del c["model_type"]; (p/"config.json").write_text(json.dumps(c))
def t5(p):
    c=json.loads((p/"config.json").read_text()); c["model_type"]="t5"; (p/"config.json").write_text(json.dumps(c))
def cfgjson(p): (p/"config.json").write_text("{")
def cfglist(p): (p/"config.json").write_text("[]")
def tokjson(p): (p/"tokenizer.json").write_text("{")
def tokjson2(p): (p/"tokenizer.json").write_text('{"a":1}')
def heads(p):
    c=json.loads((p/"config.json").read_text()); c["num_attention_heads"]=5; (p/"config.json").write_text(json.dumps(c))
def tokcfg(p): (p/"tokenizer_config.json").write_text("{")
def strtype(p):
    c=json.loads((p/"config.json").read_text()); c["hidden_size"]="x"; (p/"config.json").write_text(json.dumps(c))
def vocab(p):
    c=json.loads((p/"config.json").read_text()); c["vocab_size"]=99999; (p/"config.json").write_text(json.dumps(c))
def pos(p):
    pass
import sys
M=sys.modules[__name__]
@pytest.mark.parametrize("f",[damage_size,trunc,trunc2,trunc0,missing,nometa,head1,head2,arch,notype,t5,cfgjson,cfglist,tokjson,tokjson2,heads,tokcfg,strtype,vocab],ids=lambda f:f.__name__)
def test_d(damaged,f):
    f(damaged)
    spec=EncoderSpec(name="x",path=str(damaged),dims=(32,),head="linear.weight" if "head" in f.__name__ and f.__name__!="heads" else None)
    open_encoder(spec,EngineSpec(device="cpu")).documents(["a b"],[32])
